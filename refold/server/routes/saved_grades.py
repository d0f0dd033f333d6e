"""Saved grades that a request names."""

from refold.engine import EventLog, RefoldError
from refold.engine.errors import UnknownName
from refold.graders import RubricName
from refold.graders.sources import find_saved
from refold.server.sessions.errors import BadRequest


def find_saved_grades(log: EventLog, by: str) -> RubricName:
    """
    Return the rubric of the saved grades that *by* names: never a file, for a client to choose.

    Raises:
        BadRequest: It names several.
        UnknownName: It names none.
    """
    try:
        saved = find_saved(log, by)
    except RefoldError as error:
        raise BadRequest(str(error), "by") from None
    if saved is None:
        raise UnknownName("saved grades", by, {name for name, _, _ in log.graded_by()})
    return saved
