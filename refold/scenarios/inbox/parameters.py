"""What an inbox scenario file may say, and what makes it impossible."""

from collections.abc import Iterator

from attrs import frozen

from refold.scenarios.naming import repeated
from refold.scenarios.strict import Problem

MOST_EMAILS = 1_000
MOST_STEPS = 1_000_000
LONGEST_ID = 195  # the draw adds five more letters; an action may name 200
PLACEHOLDER = "{token}"
"""Stands in a body where the drawn keyword belongs."""


@frozen
class Keywords:
    """What a good reply mentions: *first*, and one of *second_candidates*, drawn by seed."""

    first: str
    second_candidates: tuple[str, ...]


@frozen
class EmailParameters:
    """
    An e-mail to come.

    Attributes:
        id: Template of its id, which gets a drawn number.
        subject: As the agent reads it.
        body: The same; ``{token}`` is replaced by the drawn keyword.
        category: Decides which action is expected.
        priority: As the agent reads it.
        sender: Address.
        keywords: What a good reply mentions, if replies to it are judged.
    """

    id: str
    subject: str
    body: str
    category: str
    priority: str
    sender: str
    keywords: Keywords | None = None


@frozen
class InboxParameters:
    """*emails*, at least one, in the order of the inbox; *max_steps*, at least 1."""

    max_steps: int
    emails: tuple[EmailParameters, ...]


def problems(parameters: InboxParameters) -> list[Problem]:
    """Return every mistake in *parameters* as (path below the parameters, text), in file order."""
    return list(_problems(parameters))


def _problems(parameters: InboxParameters) -> Iterator[Problem]:
    if not 1 <= parameters.max_steps <= MOST_STEPS:
        yield ".max_steps", f"expected 1 to {MOST_STEPS}, got {parameters.max_steps}"
    if not 1 <= len(parameters.emails) <= MOST_EMAILS:
        yield ".emails", f"expected 1 to {MOST_EMAILS}, got {len(parameters.emails)}"
    yield from repeated(".emails", "id", [email.id for email in parameters.emails])
    for index, email in enumerate(parameters.emails):
        yield from _email_problems(email, f".emails[{index}]")


def _email_problems(email: EmailParameters, path: str) -> Iterator[Problem]:
    if not 1 <= len(email.id) <= LONGEST_ID:
        yield f"{path}.id", f"expected 1 to {LONGEST_ID} letters, got {len(email.id)}"
    if email.keywords is None:
        if PLACEHOLDER in email.body:
            yield f"{path}.body", f"expected no {PLACEHOLDER} without keywords, got one"
        return
    if PLACEHOLDER not in email.body:
        yield f"{path}.body", f"expected {PLACEHOLDER} where the drawn keyword belongs, got none"
    if not email.keywords.second_candidates:
        yield f"{path}.keywords.second_candidates", "expected at least 1 word, got none"
    for word in (email.keywords.first, *email.keywords.second_candidates):
        if not word.strip():
            yield f"{path}.keywords", f"expected words, got {word!r}"
