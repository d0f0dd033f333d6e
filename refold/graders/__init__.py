"""Graders: pure functions from an event stream to a grade, configured by rubrics."""

from refold.graders.grading import Grade, Grader, Part, RubricName, grade
from refold.graders.saved import save_grade, saved_grades
from refold.scenarios.facts import Facts, Finding, IndexedEvent

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
