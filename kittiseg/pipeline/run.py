"""Where a stage runs: a workspace, an engine that starts when it is first needed, the seed, and who is told."""

import hashlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any, Literal, TypeVar

from kittiseg import __version__
from kittiseg.engine import Engine
from kittiseg.engine.in_process import InProcess
from kittiseg.errors import StorageError
from kittiseg.pipeline.metering import Metered
from kittiseg.progress import Progress, Silent, track
from kittiseg.project.ahead import map_in_threads
from kittiseg.project.storage import FILES, Layout
from kittiseg.project.store import Draft, Workspace

T = TypeVar("T")
R = TypeVar("R")

Output = tuple[str, str, str]
"""A picture that a stage wrote: data set, name, digest."""

LIGHT = 2000  # so many annotations are read in less time than a cluster takes to start


@dataclass(frozen=True)
class Run:
    """What every stage of :mod:`kittiseg.pipeline` takes first."""

    workspace: Workspace
    start_engine: Callable[[], Engine]
    seed: int = 0
    progress: Progress = field(default_factory=Silent)

    @classmethod
    def at(
        cls,
        workspace: str | Path,
        *,
        engine: Literal["ray", "local"] = "ray",
        address: str | None = None,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> "Run":
        """On a Ray cluster (``address``, or a new one on this machine), or with ``local`` in this process."""
        progress = progress or Silent()

        def start() -> Engine:
            if engine == "local":
                return InProcess(gpus=1 if any(Path("/dev").glob("nvidia[0-9]*")) else 0)
            from kittiseg.engine.cluster import connect
            from kittiseg.engine.heads import find_head

            where = find_head(address).said if address == "auto" else address
            progress.notice(f"connecting to Ray at {where}" if where else "starting Ray on this machine")
            return replace(connect(address), progress=progress)

        return cls(Workspace.at(workspace), start, seed, progress)

    @cached_property
    def engine(self) -> Engine:
        return self.start_engine()

    def close(self) -> None:
        """Ends the engine if it was started; another starts where it is needed again."""
        if "engine" in self.__dict__:
            self.__dict__.pop("engine").shutdown()

    @contextmanager
    def drafts(
        self,
        names: Sequence[str],
        *,
        overwrite: bool,
        key: str | None = None,
        layout: Layout = FILES,
        reopen: bool = False,
    ) -> Iterator[list[Draft]]:
        """Projects to be written, which nobody else may write meanwhile. What was not committed is discarded.

        With a ``key`` it stays, for the next draft of the same key to go on from, once its journal has begun. With
        ``reopen`` it goes on from projects that are there.
        """
        with ExitStack() as stack:
            for name in names:
                stack.enter_context(self.workspace.lock(name, keep=key))
                if reopen and key is not None:
                    self.workspace.reopen(name, key)
            drafts: list[Draft] = []
            try:
                for name in names:
                    drafts.append(self.workspace.draft(name, overwrite=overwrite, key=key, layout=layout))
                yield drafts
            except (KeyboardInterrupt, StorageError):
                self.close()  # or its workers would write into folders that are being removed
                raise
            finally:
                for draft in drafts:
                    if key is None or not draft.journal.begun:
                        draft.discard()

    def metered(self, stage: str, **labels: str) -> Metered:
        """``progress`` of one stage, which a dashboard has too: ``kittiseg_<stage>_...`` with these labels."""
        return Metered(self.progress, self._observe, stage, labels)

    def map(
        self, function: Callable[[T], R], tasks: Sequence[T], *, stage: str, project: str, unit: str
    ) -> Iterator[R]:
        """``engine.map`` under a progress bar, which says ``stage`` and ``project``, as the dashboard does.

        In object storage, where a task mostly waits, many run at once.
        """
        threads, name = self.workspace.files.threads, f"{stage} {project}"
        if threads == 1:
            results = self.engine.map(function, tasks, name=name)
        else:
            groups = [tasks[start : start + 4 * threads] for start in range(0, len(tasks), 4 * threads)]
            results = chain.from_iterable(self.engine.map(partial(_many, function, threads), groups, name=name))
        return self._track(results, len(tasks), stage=stage, project=project, unit=unit)

    def map_light(
        self, function: Callable[[T], R], tasks: Sequence[T], *, stage: str, project: str, unit: str
    ) -> Iterator[R]:
        """As :meth:`map` for work of a few ms a task: few tasks are done here, where no engine runs yet."""
        if "engine" in self.__dict__ or len(tasks) >= LIGHT:
            return self.map(function, tasks, stage=stage, project=project, unit=unit)
        results = map_in_threads(function, tasks, self.workspace.files.threads)
        return self._track(results, len(tasks), stage=stage, project=project, unit=unit)

    def _track(self, results: Iterable[R], total: int, *, stage: str, project: str, unit: str) -> Iterator[R]:
        progress = self.metered(stage, project=project)
        return track(results, progress, title=f"{stage} {project}", total=total, unit=unit)

    def _observe(self, metrics: Mapping[str, float], **labels: str) -> None:
        if "engine" in self.__dict__:  # no dashboard is worth the start of an engine
            self.engine.observe(metrics, **labels)


def _many(function: Callable[[T], R], threads: int, tasks: Sequence[T]) -> list[R]:
    return list(map_in_threads(function, tasks, threads))


def provenance(run: Run, command: str, **facts: Any) -> dict[str, Any]:
    """What a project remembers of its making: the command, the seed, versions, and the facts given."""
    return {"command": command, "seed": run.seed, "versions": versions(), **facts}


def versions() -> dict[str, str]:
    """Of Python, kittiseg, and the packages that decide about pixels and numbers."""
    packages = ("numpy", "opencv-python-headless", "ray", "torch")
    mine = {"python": sys.version.split()[0], "kittiseg": __version__}  # a job brings its own, which is not installed
    return {**mine, **{name: version(name) for name in packages}}


def digest_of(outputs: Iterable[Output]) -> str:
    """Of everything that a stage wrote, in whichever order it came."""
    return hashlib.blake2b(repr(sorted(outputs)).encode(), digest_size=16).hexdigest()
