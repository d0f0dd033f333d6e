"""Models that environments ask, such as one that plays a user: their limits are the agents'."""

import asyncio

import pytest
from attrs import evolve

from refold.agents.endpoint import Endpoint
from refold.agents.mock.model import MockModel
from refold.commands.shared.model_choices import open_players
from refold.commands.shared.model_options import USUAL_CHOICES
from refold.engine import EventLog
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


@pytest.mark.slow
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


def test_players_are_opened_with_one_pace_for_all(tmp_path):
    """What keeps agents waiting keeps the environments that they play in waiting as well."""
    pace = Counted()

    async def ask(url):
        choices = evolve(USUAL_CHOICES, base_url=url)
        async with open_players(log, ["random"], choices, pace=pace):
            asked = AskedModel()
            await asyncio.to_thread(asked.ask, BODY)
            asked.close()

    with MockModel() as model, EventLog(tmp_path / "log.db") as log:
        asyncio.run(ask(model.base_url))
    assert pace.taken == 1
