"""What the command line shows: progress bars and notices on stderr, tables or one JSON document on stdout."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.text import Text

WIDE = 1000
"""Columns of what is no terminal: a file or another program wants its lines whole."""

SAID_EVERY_S = 10
"""Of long work, how far it is, where no terminal shows a bar: a log, or a job that is followed from elsewhere."""


def plain_console(file: IO[str], *, width: int | None = None) -> Console:
    """Prints text as it is: names may hold brackets and colons, and the terminal itself wraps long lines."""
    return Console(file=file, width=width, highlight=False, markup=False, emoji=False, soft_wrap=True)


class _Bars(Bars):
    """Bars, and under them what there is to say of them: beside them is no room for it."""

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        for task in self.tasks:
            if task.fields["note"]:
                yield Text(f"  {task.fields['note']}", no_wrap=True, overflow="ellipsis")


class _Lines:
    """How far work is, in a line now and then."""

    def __init__(self, out: Console, title: str, total: int, unit: str) -> None:
        self._out, self._title, self._total, self._unit = out, title, total, unit
        self._done, self._said = 0, time.monotonic()
        out.print(f"{title}: {total} {unit if total != 1 else unit.removesuffix('s')}")

    def advance(self, count: int, note: str) -> None:
        self._done += count
        if time.monotonic() - self._said >= SAID_EVERY_S:
            self._said = time.monotonic()
            self._out.print(f"{self._title}: {self._done}/{self._total} {self._unit}{note and f', {note}'}")


class Terminal:
    """A ``kittiseg.progress.Progress`` that draws with rich, and the place where a command puts its result."""

    def __init__(self, *, quiet: bool, results: IO[str]) -> None:
        self.quiet = quiet
        self.errors = plain_console(sys.stderr)
        self.out = plain_console(results, width=None if results.isatty() else WIDE)
        self._results = results
        self._bars: Bars | None = None
        self._lines: _Lines | None = None
        self._bar: TaskID | None = None

    def notice(self, text: str) -> None:
        if not self.quiet:
            self.errors.print(text)

    def warn(self, text: str) -> None:
        self.errors.print(f"warning: {text}", style="yellow")

    def start(self, title: str, total: int, unit: str) -> None:
        self.finish()
        if self.quiet:
            return
        if not self.errors.is_terminal:
            self._lines = _Lines(self.errors, title, total, unit)
            return
        self._bars = _Bars(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=max(5, min(30, self.errors.width - 60))),
            MofNCompleteColumn(),
            TextColumn(unit),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self.errors,
        )
        self._bar = self._bars.add_task(title, total=total, note="")
        self._bars.start()

    def advance(self, count: int = 1, note: str = "") -> None:
        if self._bars is not None and self._bar is not None:
            self._bars.update(self._bar, advance=count)
            if note:
                self._bars.update(self._bar, note=note)
        if self._lines is not None:
            self._lines.advance(count, note)

    def finish(self) -> None:
        if self._bars is not None:
            self._bars.stop()
        self._bars = self._bar = self._lines = None

    def write(self, text: str) -> None:
        """A piece of a result that is a text, at once."""
        self._results.write(text)
        self._results.flush()

    def json(self, document: Any) -> None:
        """The one document of a command that was given --json."""
        json.dump(document, self._results, ensure_ascii=False, allow_nan=False, indent=1)
        self._results.write("\n")
        self._results.flush()

    def listing(self, document: dict[str, Any], show: Callable[[Console, dict[str, Any]], None], *, json: bool) -> None:
        """The result of a command that is a document already: as it is, or as ``show`` draws it."""
        if json:
            self.json(document)
        else:
            show(self.out, document)


@contextmanager
def terminal_of_command(*, quiet: bool) -> Iterator[Terminal]:
    """The terminal of one command; only results reach stdout meanwhile."""
    with stdout_kept_clean() as results:
        terminal = Terminal(quiet=quiet, results=results)
        try:
            yield terminal
        finally:
            terminal.finish()


@contextmanager
def stdout_kept_clean() -> Iterator[IO[str]]:
    """The real stdout for results alone; whatever else this process or Ray prints to it goes to stderr."""
    sys.stdout.flush()
    results = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        yield results
    finally:
        results.flush()
        os.dup2(results.fileno(), 1)
        results.close()
