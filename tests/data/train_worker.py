"""One worker of a training in a process of its own: ``python -m tests.data.train_worker JOB RANK WORLD_SIZE MEETING``.

JOB: a pickled TrainJob; MEETING: a file by which the workers find one another.
"""

import pickle
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from kittiseg.engine import DeviceKind
from kittiseg.training.prepare import TrainJob

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Context:
    rank: int
    world_size: int
    device: DeviceKind = "cpu"
    threads: int = 1

    def report(self, metrics: dict[str, float], checkpoint: str | None = None) -> None:
        print(metrics["loss"], checkpoint, flush=True)


def start_worker(job: TrainJob, folder: Path, *, rank: int = 0, world_size: int = 1) -> subprocess.Popen[bytes]:
    """The process; it ends with the training."""
    packed = folder / "job.pickle"
    packed.write_bytes(pickle.dumps(job))
    words = [str(packed), str(rank), str(world_size), str(folder / "meeting")]
    return subprocess.Popen([sys.executable, "-m", "tests.data.train_worker", *words], cwd=ROOT, stdout=subprocess.PIPE)


def start_group(job: TrainJob, folder: Path, *, workers: int) -> list[subprocess.Popen[bytes]]:
    """The processes of a group, by rank."""
    (folder / "meeting").unlink(missing_ok=True)  # that of a group before
    return [start_worker(job, folder, rank=rank, world_size=workers) for rank in range(workers)]


def train_by(workers: int, job: TrainJob, folder: Path) -> list[bytes]:
    """Trains to the end; gives what each worker has reported."""
    group = start_group(job, folder, workers=workers)
    reports = [worker.communicate()[0] for worker in group]
    assert [worker.returncode for worker in group] == [0] * workers
    return reports


def main(packed: str, rank: str, world_size: str, meeting: str) -> None:
    import torch.distributed as dist

    from kittiseg.training.alone import train_alone

    context = Context(int(rank), int(world_size))
    if context.world_size > 1:
        dist.init_process_group("gloo", f"file://{meeting}", rank=context.rank, world_size=context.world_size)
    train_alone(context, pickle.loads(Path(packed).read_bytes()))
    if context.world_size > 1:
        dist.destroy_process_group()  # or gloo's threads are still running when the interpreter ends, and abort it


if __name__ == "__main__":
    main(*sys.argv[1:])
