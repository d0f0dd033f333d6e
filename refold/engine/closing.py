"""Objects that hold something open until the end of a ``with`` statement."""

from abc import ABC, abstractmethod
from typing import Self


class Closing(ABC):
    """Base of what a ``with`` statement closes at its end, whether or not an error ends it."""

    @abstractmethod
    def close(self) -> None:
        """Free what is held open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
