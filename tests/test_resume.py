import pytest
from hypothesis import given
from hypothesis import strategies as st

from refold.engine import ActionTaken, Episode, EpisodeEnded, EpisodeOver, EventLog, StaleWriter
from refold.engine.codec import encode
from refold.engine.errors import UnknownEpisode
from refold.engine.exchanges import ActionForfeited, ReplyUnread
from refold.engine.folding import fold_to, step_ranges
from refold.scenarios import load, scenario_names

EASY = load("workflow/easy")
WAIT = {"action_type": "wait"}
NOTES = (ReplyUnread("no action", "Let me think."), ActionForfeited("no reply"))


@given(st.sampled_from(scenario_names()), st.integers(0, 2**63 - 1), st.data())
def test_an_interrupted_episode_ends_as_if_it_had_not_been(
    random_episode, tmp_path_factory, scenario, seed, data
):
    """Resumed after any step, by another process or not, the same actions give the same bytes."""
    whole = random_episode(scenario, seed).events
    actions = [event.action for event in whole if isinstance(event, ActionTaken)]
    cut = data.draw(st.integers(0, len(actions)))
    with EventLog(tmp_path_factory.mktemp("resumed") / "log.db") as log:
        episode = random_episode(scenario, seed, log, steps=cut)
        resumed = Episode.resume(log, episode.id)
        assert (resumed.id, resumed.state) == (episode.id, episode.state)
        for action in actions[cut:]:
            resumed.step(action)
        assert resumed.over
        assert resumed.events.digest == log.events("last").digest == whole.digest


def test_what_is_over_stays_over(log, random_episode):
    """An episode that has ended can be resumed to look at it, not to play on."""
    ended = random_episode("workflow/easy", 1, log)
    resumed = Episode.resume(log, "last")
    assert (resumed.over, resumed.end) == (True, ended.end)
    with pytest.raises(EpisodeOver, match=f"episode {ended.id}: .* after the end"):
        resumed.step(WAIT)
    with pytest.raises(UnknownEpisode, match="episode 'nobody'"):
        Episode.resume(log, "nobody")


def test_of_two_that_resume_one_goes_on(log):
    """Who comes second with a step is stale, as after any other writer."""
    Episode.start(EASY, log=log)
    first, second = (Episode.resume(log, "last") for _ in range(2))
    first.step(WAIT)
    with pytest.raises(StaleWriter, match="read the episode again"):
        second.step(WAIT)
    assert Episode.resume(log, "last").events.digest == first.events.digest


class OvertakenLog(EventLog):
    """A log to which somebody else writes whenever an episode has just been read."""

    def events(self, reference):
        """Return the events as they were before the other one wrote."""
        stream = super().events(reference)
        with EventLog(self.path) as other:
            Episode.resume(other, reference).step(WAIT)
        return stream


def test_a_writer_that_is_overtaken_while_it_resumes_is_stale(tmp_path):
    """What was read and where the next step goes are from one moment."""
    with OvertakenLog(tmp_path / "log.db") as log:
        Episode.start(EASY, log=log)
        resumed = Episode.resume(log, "last")
        with pytest.raises(StaleWriter, match="read the episode again"):
            resumed.step(WAIT)
        assert log.find("last").steps == 1


@pytest.mark.parametrize("early", [True, False], ids=["noted", "with-the-step"])
def test_inputs_stand_before_the_action_they_led_to(log, early):
    """Noted at once or with the step, they change no state and give the same bytes."""
    episode = Episode.start(EASY, log=log)
    state = episode.state
    if early:
        episode.note(*NOTES)
        assert episode.state == state
        assert log.events("last")[1:] == list(NOTES)
        assert log.find("last").steps == 0
        episode.step(WAIT)
    else:
        episode.step(WAIT, *NOTES)
    plain = Episode.start(EASY)
    step = plain.step(WAIT).events
    assert episode.state == plain.state
    assert log.events("last")[1:] == [*NOTES, *step]
    assert step_ranges(episode.events) == [range(1), range(1, len(episode.events))]
    assert log.find("last").digest == episode.events.digest


def test_a_refused_note_leaves_the_episode_as_it_was(log):
    """Where the log refuses inputs, they are not in memory either."""
    episode = Episode.start(EASY, log=log)
    before = episode.events.digest
    Episode.resume(log, "last").note(*NOTES)
    with pytest.raises(StaleWriter, match="read the episode again"):
        episode.note(*NOTES)
    assert episode.events.digest == before


@pytest.mark.parametrize("steps", [0, 2])
def test_an_episode_can_be_cut_off_from_outside(log, steps):
    """That is an end without a step: nothing is decided, nothing earned, nothing may follow."""
    episode = Episode.start(EASY, log=log)
    for _ in range(steps):
        episode.step(WAIT)
    before = log.find("last")
    episode.truncate("operator")
    after = log.find("last")
    assert (after.ended, after.reason, after.ended_at is None) == ("truncated", "operator", False)
    assert (after.steps, after.total) == (before.steps, before.total)
    assert episode.end == EpisodeEnded("truncated", "operator")
    assert (episode.over, list(episode.legal_actions)) == (True, [])
    assert encode(episode.end) == log.events("last").payloads[-1]
    for more in (episode.step, episode.note, episode.truncate):
        with pytest.raises(EpisodeOver, match=r"after the end \(truncated: operator\)"):
            more(WAIT if more == episode.step else "more")
    assert log.find("last") == after


def test_a_cut_off_episode_keeps_its_positions(log):
    """The end from outside belongs to no step: the last position is that before it."""
    episode = Episode.start(EASY, log=log)
    episode.step(WAIT)
    state = episode.state
    episode.note(*NOTES)
    episode.truncate("operator")
    assert len(step_ranges(episode.events)) == 2
    assert fold_to(episode.events, 1) == state
