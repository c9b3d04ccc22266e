"""The exceptions that a user can mend; the command line prints their text and exits with code 2.

KittisegError
├── ConfigError      a JSON file or an option says something that cannot be done
├── DataError        pictures, masks or annotations that are missing, damaged or do not fit together
├── WorkspaceError   a project, model or report that is missing, or is there already
│   └── StorageError a place that cannot be written to: it is full, or for reading only
├── ModelError       weights or checkpoints that are missing, damaged or do not fit
└── ResourceError    devices, memory or a cluster that are not to be had
    └── LostWorkersError  workers that died again and again
"""

from collections.abc import Sequence
from dataclasses import dataclass


class KittisegError(Exception):
    """Something the user can mend. The text says what was wanted, what came, where, and the remedy."""


class DataError(KittisegError):
    """Pictures, masks or annotations that are missing, damaged or do not fit together."""


class WorkspaceError(KittisegError):
    """A project, model or report that is missing, or is there already."""


class StorageError(WorkspaceError):
    """A place that cannot be written to: it is full, or for reading only. No other picture would fare better."""


class ModelError(KittisegError):
    """Weights or checkpoints that are missing, damaged or do not fit."""


class ResourceError(KittisegError):
    """Devices, memory or a cluster that are not to be had."""


class LostWorkersError(ResourceError):
    """Workers that died again and again. It may go better another time."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a JSON document: where (a JSON pointer such as ``/8/settings``) and what."""

    pointer: str
    message: str

    def __str__(self) -> str:
        return f"{readable(self.pointer) or '/'}: {self.message}"


def readable(pointer: str) -> str:
    """A JSON pointer for people: a key that holds a slash stands as it is written, in quotes."""
    return "/".join(f'"{step}"' if (step := _plain(raw)) != raw else raw for raw in pointer.split("/"))


def _plain(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")


class ConfigError(KittisegError):
    """A JSON file or an option says something that cannot be done. Holds every problem found, not the first."""

    def __init__(self, source: str, problems: Sequence[Problem] = ()) -> None:
        self.source = source
        self.problems = tuple(problems)
        super().__init__(source, self.problems)  # the arguments, so that the error survives pickling

    def __str__(self) -> str:
        if not self.problems:
            return self.source
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        return f"{self.source}: {count}\n{lines}"
