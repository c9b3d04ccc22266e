"""How a stage tells a person what it is doing. The command line draws it; a library call stays silent."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

T = TypeVar("T")


class Progress(Protocol):
    """Where stages send notices, warnings and the state of long work."""

    def notice(self, text: str) -> None: ...

    def warn(self, text: str) -> None: ...

    def start(self, title: str, total: int, unit: str) -> None:
        """A bar begins; it ends with :meth:`finish` or with the next ``start``."""

    def advance(self, count: int = 1, note: str = "") -> None:
        """``count`` more units are done; ``note`` (a loss, a file name) stands by the bar."""

    def finish(self) -> None: ...


class Silent:
    """Says nothing."""

    def notice(self, text: str) -> None: ...

    def warn(self, text: str) -> None: ...

    def start(self, title: str, total: int, unit: str) -> None: ...

    def advance(self, count: int = 1, note: str = "") -> None: ...

    def finish(self) -> None: ...


def track(
    results: Iterable[T],
    progress: Progress,
    *,
    title: str,
    total: int,
    unit: str,
    size: Callable[[T], int] = lambda _: 1,
) -> Iterator[T]:
    """The same results, one by one, with a bar that follows them; a result stands for ``size`` units."""
    progress.start(title, total, unit)
    try:
        for result in results:
            yield result
            progress.advance(size(result))
    finally:
        progress.finish()
