import threading
from queue import Queue

import pytest

from refold.server.context import MOST_RUNNING, MOST_WAITING, Overloaded, ServerContext
from refold.server.settings import ServerSettings


@pytest.fixture
def context():
    """Return a context of which only its places are used."""
    return ServerContext(ServerSettings(), *[None] * 5)


def test_few_wait_for_a_long_request(context):
    """As many as may wait get their turn; one more is refused at once, as are the impatient."""
    told = Queue()

    def ask():
        try:
            with context.long_computation(patience=60):
                told.put("done")
        except Overloaded:
            told.put("refused")

    held = [context.long_computation() for _ in range(MOST_RUNNING)]
    for place in held:
        place.__enter__()
    with pytest.raises(Overloaded, match="try again"), context.long_computation():
        pass
    threads = [threading.Thread(target=ask) for _ in range(MOST_WAITING + 1)]
    for thread in threads:
        thread.start()
    assert told.get(timeout=30) == "refused"
    assert told.empty()
    for place in held:
        place.__exit__(None, None, None)
    for thread in threads:
        thread.join(30)
    assert [told.get_nowait() for _ in range(MOST_WAITING)] == ["done"] * MOST_WAITING
