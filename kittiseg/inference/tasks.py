"""How a prediction is cut into tasks for workers, and what they answer."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from kittiseg.project.item import ItemKey
from kittiseg.project.journal import Row

CHUNK, LARGEST_CHUNK, CHUNKS = 4, 32, 64
"""Into about ``CHUNKS`` tasks the pictures are cut, of ``CHUNK`` pictures at least and ``LARGEST_CHUNK`` at most."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker does at a time: some pictures; or a part of a large one; or, when all its parts are done, its end.

    ``error``: why one of these parts failed.

    Windows share batches within a task alone, so what is written depends on the task, not on who does it.
    """

    keys: tuple[ItemKey, ...]
    part: int | None = None
    is_end: bool = False
    error: str | None = None


@dataclass(frozen=True, slots=True)
class PredictedPicture:
    """What became of one picture, or of a part of it.

    ``row``: what is written of it, or why it is not; None where it must first be done in ``parts``, or this is one of
    them, which may have an ``error``. ``windows``: that the network was shown now; ``skipped``: those of the
    grid that it was not. ``seconds``: of computing.
    """

    key: ItemKey
    row: Row | None = None
    windows: int = 0
    skipped: int = 0
    parts: int = 0
    error: str | None = None
    seconds: float = 0.0


@dataclass
class Parts:
    """The large pictures of which parts are being done."""

    missing: Counter[ItemKey] = field(default_factory=Counter)
    errors: dict[ItemKey, str] = field(default_factory=dict)

    def follow(self, results: Sequence[PredictedPicture]) -> Iterator[Task]:
        """The tasks that a result asks for: the parts of a large picture, and its end when the last of them is done."""
        for result in results:
            key = result.key
            if result.parts:
                self.missing[key] = result.parts
                yield from (Task((key,), part) for part in range(result.parts))
            elif result.row is None:
                self.missing[key] -= 1
                if result.error is not None:
                    self.errors[key] = result.error
                if not self.missing[key]:
                    del self.missing[key]
                    yield Task((key,), is_end=True, error=self.errors.pop(key, None))


def tasks_of(keys: Iterable[ItemKey], count: int) -> Iterator[Task]:
    """The pictures in tasks, of which few are small and many large; ``count``: how many pictures there are."""
    size = min(max(count // CHUNKS, CHUNK), LARGEST_CHUNK)
    chunk: list[ItemKey] = []
    for key in keys:
        chunk.append(key)
        if len(chunk) == size:
            yield Task(tuple(chunk))
            chunk = []
    if chunk:
        yield Task(tuple(chunk))
