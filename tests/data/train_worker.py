"""Workers of a training, each a process of its own that may be killed.

They are forked from a server that has imported torch once: that takes longer than the trainings of most tests.
"""

import multiprocessing
import sys
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from kittiseg.engine import DeviceKind, WorkerContext, Workers
from kittiseg.engine.in_process import InProcess
from kittiseg.project.store import Files
from kittiseg.training.alone import train_alone
from kittiseg.training.prepare import TrainJob

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload([__name__, "torch._dynamo"])  # which the first optimizer imports


@dataclass(frozen=True)
class Context:
    rank: int
    world_size: int
    device: DeviceKind = "cpu"
    threads: int = 1

    def report(self, metrics: dict[str, float], checkpoint: str | None = None) -> None:
        print(metrics["loss"], checkpoint, flush=True)


def start_worker(job: TrainJob, folder: Path, *, rank: int = 0, world_size: int = 1) -> ForkServerProcess:
    """The process; it ends with the training. What it reports goes to a file in the folder."""
    worker = _SERVER.Process(target=_work, args=(job, rank, world_size, folder), daemon=True)
    worker.start()
    return worker


def start_group(job: TrainJob, folder: Path, *, workers: int) -> list[ForkServerProcess]:
    """The processes of a group, by rank."""
    (folder / "meeting").unlink(missing_ok=True)  # that of a group before
    return [start_worker(job, folder, rank=rank, world_size=workers) for rank in range(workers)]


def exit_code(worker: ForkServerProcess) -> int | None:
    """Once it has ended; minus the signal that killed it."""
    worker.join()
    return worker.exitcode


def train_by(workers: int, job: TrainJob, folder: Path) -> list[bytes]:
    """Trains to the end; gives what each worker has reported."""
    group = start_group(job, folder, workers=workers)
    assert [exit_code(worker) for worker in group] == [0] * workers
    return [_reports(folder, rank).read_bytes() for rank in range(workers)]


@dataclass(frozen=True)
class InProcesses(InProcess):
    """An engine whose workers of a training are processes of one thread; ``folder`` is theirs to meet in."""

    folder: Path = Path()

    def fit(
        self, loop: Callable[[WorkerContext, Any], None], job: Any, *, workers: Workers, name: str, storage: Files
    ) -> None:
        assert loop is train_alone
        train_by(workers.count, job, self.folder)


def _work(job: TrainJob, rank: int, world_size: int, folder: Path) -> None:
    import torch.distributed as dist

    sys.stdout = _reports(folder, rank).open("w")
    if world_size > 1:
        dist.init_process_group("gloo", f"file://{folder / 'meeting'}", rank=rank, world_size=world_size)
    train_alone(Context(rank, world_size), job)
    if world_size > 1:
        dist.destroy_process_group()  # or gloo's threads are still running when the interpreter ends, and abort it


def _reports(folder: Path, rank: int) -> Path:
    return folder / f"reports-{rank}.txt"
