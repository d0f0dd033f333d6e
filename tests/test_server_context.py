import threading
from queue import Queue

import pytest

from refold.server.context import HEAVY, QUEUE, Context, Overloaded
from refold.server.settings import Settings


@pytest.fixture
def context():
    """Return a context of which only its places are used."""
    return Context(Settings(), *[None] * 5)


def test_few_wait_for_a_long_request(context):
    """As many as may wait get their turn; one more is refused at once, as are the impatient."""
    told = Queue()

    def ask():
        try:
            with context.heavy(patience=60):
                told.put("done")
        except Overloaded:
            told.put("refused")

    held = [context.heavy() for _ in range(HEAVY)]
    for place in held:
        place.__enter__()
    with pytest.raises(Overloaded, match="try again"), context.heavy():
        pass
    threads = [threading.Thread(target=ask) for _ in range(QUEUE + 1)]
    for thread in threads:
        thread.start()
    assert told.get(timeout=30) == "refused"
    assert told.empty()
    for place in held:
        place.__exit__(None, None, None)
    for thread in threads:
        thread.join(30)
    assert [told.get_nowait() for _ in range(QUEUE)] == ["done"] * QUEUE
