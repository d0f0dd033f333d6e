"""The limit on the requests of a fleet: how many may begin, and when."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refold.agents.client import Client
from refold.agents.endpoint import Endpoint
from refold.agents.mock.model import MockModel
from refold.fleet.bucket import Bucket


@given(
    rate=st.integers(1, 10_000),
    waits=st.lists(st.floats(0, 30), min_size=1, max_size=200),
)
def test_no_minute_has_more_than_the_rate(rate, waits):
    """Whenever they ask, no more may begin in a minute than the rate, and a second's worth."""
    bucket, now, begun = Bucket(rate, 0.0), 0.0, []
    for wait in waits:
        now += wait
        begun.append(bucket.take(now))
        assert begun[-1] >= now
    assert begun == sorted(begun)
    for first, begin in enumerate(begun):
        within = sum(begin <= other < begin + 60 for other in begun[first:])
        assert within <= rate + max(1, rate / 60) + 1


def test_a_busy_bucket_loses_nothing():
    """If requests are always waiting, exactly as many begin as the rate says."""
    bucket = Bucket(600, 0.0)
    begun = [bucket.take(0.0) for _ in range(610)]
    assert begun[:10] == [0.0] * 10
    assert begun[-1] == pytest.approx(60.0)


def test_a_pause_holds_for_all_and_is_not_shortened():
    """The longest pause that was asked for counts."""
    bucket = Bucket(600, 0.0)
    bucket.pause(1.0, 20.0)
    bucket.pause(2.0, 5.0)
    assert bucket.resumes() == 21.0


class Counting:
    """A pace that only counts."""

    def __init__(self):
        self.taken = 0
        self.paused = []

    async def take(self):
        """Count an attempt."""
        self.taken += 1

    async def pause(self, seconds):
        """Note a pause."""
        self.paused.append(seconds)


@pytest.mark.slow
def test_each_attempt_takes_its_turn_and_a_429_pauses_all():
    """Attempts that are repeated count as well; what the API asks for is handed on."""
    pace = Counting()

    async def ask(url):
        client = Client(Endpoint(url, "none", max_retries=3))
        client.pace = pace
        body = {"model": "mock", "messages": [{"role": "user", "content": "?"}]}
        response = await client.complete(body)
        await client.close()
        return response

    with MockModel(faults=["rate-limit:2"]) as model:
        response = asyncio.run(ask(model.base_url))
        assert sum(model.counts.values()) == pace.taken
    assert [fault.status for fault in response.faults][:2] == [429, 429]
    assert pace.paused == [0.0, 0.0]
