"""Work that mostly waits, many calls at once: reading ahead of whoever needs it, and writing behind."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def map_ahead(function: Callable[[T], R], values: Iterable[T], pool: ThreadPoolExecutor, *, ahead: int) -> Iterator[R]:
    """``map`` in a pool, in order: ``values`` are taken here, and up to ``ahead`` results wait to be fetched."""
    pending: deque[Future[R]] = deque()
    for value in values:
        pending.append(pool.submit(function, value))
        if len(pending) > ahead:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()


def map_in_threads(function: Callable[[T], R], values: Iterable[T], threads: int) -> Iterator[R]:
    """``map``, in order, so many calls at once; with one thread here, each call when its result is asked for."""
    if threads == 1:
        yield from map(function, values)
        return
    pool = ThreadPoolExecutor(threads)
    try:
        yield from map_ahead(function, values, pool, ahead=threads)
    finally:
        pool.shutdown(cancel_futures=True)


class Behind:
    """Calls that are made later, in threads; with one thread at once. At most four a thread wait for their turn.

    The error of one is raised by a later call, or by :meth:`wait`.
    """

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None
        self._most = 4 * threads
        self._pending: deque[Future[object]] = deque()

    def call(self, function: Callable[..., object], *arguments: object) -> None:
        if self._pool is None:
            function(*arguments)
            return
        while len(self._pending) >= self._most:
            self._pending.popleft().result()
        self._pending.append(self._pool.submit(function, *arguments))

    def wait(self) -> None:
        """Until all is done."""
        while self._pending:
            self._pending.popleft().result()

    def close(self) -> None:
        """What has not begun yet is left; errors are not told any more."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
