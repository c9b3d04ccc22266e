"""How far a stage is, told twice: to a person by a bar, and to the engine's dashboard by metrics."""

import time
from collections import Counter, deque
from typing import Protocol

from kittiseg.progress import Progress

EVERY = 0.5
"""Seconds between two tellings at least."""

SPAN = 10.0
"""So many seconds a rate is of, or a telling more."""


class Observe(Protocol):
    """:meth:`kittiseg.engine.Engine.observe`."""

    def __call__(self, metrics: dict[str, float], **labels: str) -> None: ...


class Metered:
    """A :class:`~kittiseg.progress.Progress` that a dashboard follows too.

    Of each unit ``u`` of stage ``s`` it tells ``kittiseg_<s>_<u>``, how many are done, and
    ``kittiseg_<s>_<u>_per_second``; of the bar ``kittiseg_<s>_progress``, 0 to 1; and what :meth:`show` was given.
    """

    def __init__(self, progress: Progress, observe: Observe, stage: str, labels: dict[str, str]) -> None:
        self._progress, self._observe, self._stage, self._labels = progress, observe, stage, labels
        self.notice, self.warn = progress.notice, progress.warn
        self._begin("", 0)

    def start(self, title: str, total: int, unit: str) -> None:
        self._progress.start(title, total, unit)
        self._begin(unit, total)

    def advance(self, count: int = 1, note: str = "") -> None:
        self._progress.advance(count, note)
        self.count(**{self._unit: count})

    def count(self, **units: int) -> None:
        """So many more are done, also of units that are not the bar's."""
        self._done.update(units)
        self._tell_in_time()

    def show(self, **values: float) -> None:
        """The newest values of anything else, a loss for instance."""
        self._values |= values
        self._tell_in_time()

    def finish(self) -> None:
        self._tell()
        self._progress.finish()

    def _begin(self, unit: str, total: int) -> None:
        self._unit, self._total = unit, total
        self._done, self._values = Counter[str](), dict[str, float]()
        self._past = deque([(time.monotonic(), self._done.copy())])

    def _tell_in_time(self) -> None:
        if time.monotonic() - self._past[-1][0] >= EVERY:
            self._tell()

    def _tell(self) -> None:
        now = time.monotonic()
        while len(self._past) > 1 and self._past[1][0] < now - SPAN:
            self._past.popleft()
        then, before = self._past[0]
        metrics = dict(self._values)
        for unit, done in self._done.items():
            metrics[unit] = done
            metrics[f"{unit}_per_second"] = (done - before[unit]) / max(now - then, 1e-3)
        if self._total:
            metrics["progress"] = self._done[self._unit] / self._total
        self._observe({f"kittiseg_{self._stage}_{name}": value for name, value in metrics.items()}, **self._labels)
        self._past.append((now, self._done.copy()))
