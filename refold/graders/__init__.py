"""Graders: pure functions from a stream to a grade, configured by rubrics."""

from refold.graders.grading import Grade, Grader, Part, RubricName, grade
from refold.graders.saved import save_grade, saved_grades
from refold.scenarios.facts import At, Facts, Finding

__all__ = [
    "At",
    "Facts",
    "Finding",
    "Grade",
    "Grader",
    "Part",
    "RubricName",
    "grade",
    "save_grade",
    "saved_grades",
]
