"""How syrupy stores grades: as the text that people review."""

from typing import Any

from syrupy.extensions.amber import AmberSnapshotExtension

from refold.graders import Grade
from refold.graders.text import grade_text


class GradeSnapshotExtension(AmberSnapshotExtension):
    """
    Stores grades as text in ``__snapshots__/TEST_MODULE.grades``.

    A file of its own, so that a module may have other snapshots beside.
    """

    file_extension = "grades"

    def serialize(self, data: Any, **_options: Any) -> str:
        """
        Return the text of the grade *data*.

        Raises:
            TypeError: It is no grade.
        """
        if not isinstance(data, Grade):
            raise TypeError(f"grade_snapshot: expected a Grade, got {type(data).__name__}")
        return grade_text(data)
