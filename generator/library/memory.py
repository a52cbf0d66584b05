"""What a build may remember for the next."""

from typing import Protocol


class Memory(Protocol):
    """What remembers bytes from one build to the next."""

    def get(self, key: str) -> bytes | None:
        """What was put in under a key, or None."""

    def put(self, key: str, value: bytes) -> None:
        """Remember a value."""

    def __contains__(self, key: str) -> bool:
        """Whether something was put in under a key. What is asked for stays."""


class Notes(dict[str, bytes]):
    """A memory that knows nothing, and notes what is put in for one that is elsewhere."""

    def put(self, key: str, value: bytes) -> None:
        """Note a value."""
        self[key] = value
