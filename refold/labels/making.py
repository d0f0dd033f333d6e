"""
Remarks as people make them and as files bring them: what they may hold.

Names, values and authors are shown in tables and on pages: one line of printable letters. A note
may be any text, within bounds; whoever shows it makes it safe.
"""

import re
from collections.abc import Sequence

from refold.engine import EpisodeInfo, RefoldError
from refold.engine.errors import UnknownStep
from refold.engine.log.info import utc_now
from refold.engine.log.remarks import (
    LONGEST_AUTHOR,
    LONGEST_DRAWN,
    LONGEST_NAME,
    LONGEST_NOTE,
    MOST_CHOICES,
    Remark,
)

SAID = "yes"
"""Value of a tag or a note that was not taken back."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def make_label(
    info: EpisodeInfo,
    name: str,
    value: str | None,
    *,
    author: str,
    choices: Sequence[str],
    step: int | None = None,
    note: str = "",
    drawn: str = "",
) -> Remark:
    """
    Return a label of the episode *info*, or of one of its steps, as of now.

    Args:
        info: The episode.
        name: What is asked.
        value: The answer, one of *choices*; None takes back the author's own.
        author: Who answers.
        choices: The answers to choose from.
        step: Position in the episode; None for all of it.
        note: Why.
        drawn: How the episode came to be labelled, as ``Remark.drawn``.

    Raises:
        RefoldError: A text is too long or not printable, or the value is none of the choices.
        UnknownStep: The episode has no such step.
    """
    said = (name, value, tuple(choices), note, author, drawn)
    return _checked(Remark(info.id, info.digest, step, "label", *said, utc_now()), info)


def make_tag(
    info: EpisodeInfo, tag: str, *, author: str, step: int | None = None, back: bool = False
) -> Remark:
    """Return a tag of an episode, or what takes it *back*; raises as ``make_label``."""
    said = (tag, None if back else SAID, (), "", author, "")
    return _checked(Remark(info.id, info.digest, step, "tag", *said, utc_now()), info)


def make_note(
    info: EpisodeInfo, text: str, *, author: str, step: int | None = None, back: bool = False
) -> Remark:
    """Return a note on an episode, or what takes the author's *back*; raises as ``make_label``."""
    said = ("", None if back else SAID, (), text, author, "")
    return _checked(Remark(info.id, info.digest, step, "note", *said, utc_now()), info)


def _checked(remark: Remark, info: EpisodeInfo) -> Remark:
    if remark.step is not None and not 0 <= remark.step <= info.steps:
        raise UnknownStep(remark.step, info.steps)
    if problem := remark_problem(remark):
        raise RefoldError(problem)
    return remark


def remark_problem(remark: Remark) -> str | None:
    """Return what no remark may hold but *remark* does, in words; None if there is nothing."""
    texts = [("author", remark.author, LONGEST_AUTHOR)]
    if remark.kind != "note":
        texts.append((f"name of the {remark.kind}", remark.name, LONGEST_NAME))
    if remark.value is not None:
        texts.append((f"value of {remark.name!r:.80}", remark.value, LONGEST_NAME))
    texts += [(f"values of {remark.name!r:.80}", each, LONGEST_NAME) for each in remark.choices]
    if remark.drawn:
        texts.append(("drawn", remark.drawn, LONGEST_DRAWN))
    problems = (_text_problem(*each) for each in texts)
    return next(filter(None, problems), None) or _note_problem(remark) or _form_problem(remark)


def _text_problem(what: str, text: str, longest: int) -> str | None:
    if 1 <= len(text) <= longest and text.isprintable() and text == text.strip():
        return None
    return (
        f"{what}: expected 1 to {longest} printable letters without blanks around, got {text!r:.80}"
    )


def _note_problem(remark: Remark) -> str | None:
    if len(remark.note) > LONGEST_NOTE:
        return f"note: expected at most {LONGEST_NOTE} letters, got {len(remark.note)}; shorten it"
    if any("\ud800" <= letter <= "\udfff" for letter in remark.note):
        return "note: expected valid Unicode, got half a letter"
    if remark.kind == "note" and remark.value is not None and not remark.note.strip():
        return "note: expected a text, got none; --take-back takes yours back"
    return None


def _form_problem(remark: Remark) -> str | None:
    name, choices = repr(remark.name)[:80], remark.choices
    if remark.kind != "label":
        sound = (
            remark.value in (None, SAID)
            and not choices
            and (remark.kind == "tag" or not remark.name)
        )
        return None if sound else f"{remark.kind} {name}: expected no more than that, got values"
    if not 2 <= len(set(choices)) == len(choices) <= MOST_CHOICES or any("," in c for c in choices):
        got = ", ".join(choices) or "none"
        return f"label {name}: expected 2 to {MOST_CHOICES} different values, got {got:.200}"
    if remark.value is not None and remark.value not in choices:
        return f"label {name}: expected one of {', '.join(choices)}; got {remark.value!r}"
    return None


def stored_problem(remark: Remark) -> str | None:
    """Return what is wrong with a *remark* that a log or a file holds; None if nothing is."""
    if not _TIME.fullmatch(remark.at):
        return f"at: expected a time in UTC, got {remark.at!r:.80}"
    if not _DIGEST.fullmatch(remark.digest):
        return f"digest: expected 64 hex digits, got {remark.digest!r:.80}"
    if remark.step is not None and remark.step < 0:
        return f"step: expected 0 or more, got {remark.step}"
    return remark_problem(remark)
