"""The log of a job as a user wants to see it."""

import re
from collections.abc import Callable

_PREPARING = re.compile(r"\A[^\n]*Runtime env is setting up\.\n")


def without_preparing(log: str) -> str:
    """But for the line with which Ray begins each, and which tells a user nothing."""
    return _PREPARING.sub("", log)


class ShownLog:
    """Writes a log as it comes, :func:`without_preparing`: the first line is held back until it is there whole."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write, self._first, self._begun = write, "", False

    def __call__(self, text: str) -> None:
        if self._begun:
            self._write(text)
            return
        self._first += text
        if "\n" in self._first:
            self.end()

    def end(self) -> None:
        """What is still held back is written."""
        if text := without_preparing(self._first):
            self._write(text)
        self._first, self._begun = "", True
