"""An episode in a notebook: its score, the parts of it, and the first steps."""

from itertools import islice

from refold.engine import Episode, EpisodeEnded, RefoldError, Stream
from refold.engine.definition import header_of
from refold.engine.exchanges import INSTRUMENT_FAILED
from refold.graders import Grade, grade
from refold.notebook.grades import parts_html, rubric_text
from refold.notebook.html import block, headline, line, table
from refold.replays import Step, steps

MOST_STEPS = 10


def episode_html(episode: Episode) -> str:
    """Return *episode*, as far as it was played, as HTML."""
    return stream_html(episode.events, id=episode.id)


def stream_html(stream: Stream, *, id: str = "") -> str:
    """Return the episode *stream*, called *id*, as HTML."""
    walked = [step for step in steps(stream) if step.action is not None]
    end = next((event for event in reversed(stream) if isinstance(event, EpisodeEnded)), None)
    total = walked[-1].total if walked else 0.0
    facts = (
        header_of(stream.scenario).name,
        id,
        f"{len(walked)} steps",
        f"reward {total:+g}",
        f"{end.how}: {end.reason}" if end else "running, or left",
    )
    given, why = _grade(stream, end)
    score = f"{given.score:.4f}" if given else None
    graded = (line(rubric_text(given)), parts_html(given)) if given else (line(why),)
    return block(headline(score, *facts), *graded, _steps_html(stream, walked))


def _grade(stream: Stream, end: EpisodeEnded | None) -> tuple[Grade | None, str]:
    """Return the grade of *stream*, or why there is none."""
    if end is not None and end.reason == INSTRUMENT_FAILED:
        return (
            None,
            "no grade: the episode was cut off because an API or an environment kept failing",
        )
    try:
        return grade(stream), ""
    except RefoldError as error:
        return None, f"no grade: {error}"


def _steps_html(stream: Stream, walked: list[Step]) -> str:
    if not walked:
        return ""
    rows = [
        (step.position, stream.family.say(step.action), step.reward, step.error)
        for step in islice(walked, MOST_STEPS)
    ]
    more = len(walked) - MOST_STEPS
    rest = line(f"and {more} more steps") if more > 0 else ""
    return table(("step", "action", "reward", "refused"), rows) + rest
