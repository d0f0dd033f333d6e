"""Models that environments ask, such as one that plays a user: their limits are the agents'."""

from refold.agents.endpoint import Endpoint
from refold.agents.mock.model import MockModel
from refold.environments.models import AskedModel, asking_at

BODY = {"model": "mock", "messages": [{"role": "user", "content": "Hello."}]}


class Counted:
    """A pace that counts."""

    def __init__(self) -> None:
        self.taken = 0
        self.paused: list[float] = []

    async def take(self) -> None:
        """Count one more."""
        self.taken += 1

    async def pause(self, seconds: float) -> None:
        """Note for how long."""
        self.paused.append(seconds)


def test_their_requests_wait_as_those_of_agents_do():
    """Each attempt takes its turn, and a refusal by rate pauses all who share the limit."""
    pace, asked = Counted(), AskedModel()
    with MockModel(faults=["rate-limit:1"]) as model:
        endpoint = Endpoint(model.base_url, "none")
        with asking_at(lambda: endpoint, pace=pace):
            asked.ask(BODY)
            asked.ask(BODY)
        asked.close()
    assert model.requests != []
    assert (pace.taken, len(pace.paused)) == (3, 1)
