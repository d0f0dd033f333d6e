"""Graders: pure functions from an event stream to a grade, configured by rubrics."""

from typing import TYPE_CHECKING

from refold.lazy import hand_on

__all__ = [
    "Facts",
    "Finding",
    "Grade",
    "Grader",
    "IndexedEvent",
    "Part",
    "RubricName",
    "grade",
    "save_grade",
    "saved_grades",
]

if TYPE_CHECKING:
    from refold.graders.grading import Grade, Grader, Part, RubricName, grade
    from refold.graders.saved import save_grade, saved_grades
    from refold.scenarios.facts import Facts, Finding, IndexedEvent
else:
    __getattr__, __dir__ = hand_on(
        __name__, __all__, "refold.scenarios.facts", ".grading", ".saved"
    )
