"""Graders: pure functions from a stream to a grade, configured by rubrics."""

from graders.facts import At, Facts, Finding
from graders.grade import Grade, Grader, Part, RubricName, grade
from graders.saved import save_grade, saved_grades

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
