"""A syrupy extension that stores grades as text for review."""

from typing import Any

from syrupy.extensions.amber import AmberSnapshotExtension

from refold.graders import Grade
from refold.graders.text import grade_text


class GradeSnapshotExtension(AmberSnapshotExtension):
    """
    Stores grades as text in ``__snapshots__/TEST_MODULE.grades``.

    A file of their own, so that a test module can have other snapshots too.
    """

    file_extension = "grades"

    def serialize(self, data: Any, **_options: Any) -> str:
        """
        Return the text of the grade *data*.

        Raises:
            TypeError: *data* is not a ``Grade``.
        """
        if not isinstance(data, Grade):
            raise TypeError(f"grade_snapshot: expected a Grade, got {type(data).__name__}")
        return grade_text(data)
