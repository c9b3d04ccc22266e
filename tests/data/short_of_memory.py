"""A training without enough memory, in a process of its own: ``python -m tests.data.short_of_memory WORKSPACE``.

Prints the error, and the loss of the training that it proposes, under the same limit.
"""

import json
import re
import resource
import sys
from pathlib import Path
from typing import Any

from kittiseg.errors import ResourceError
from kittiseg.project.store import Workspace
from kittiseg.training.checkpoints import list_checkpoints
from kittiseg.training.loop import train_loop
from tests.data.train_worker import Context
from tests.data.training import tiny_job, write_squares

HERE = Context(rank=0, world_size=1)
MEMORY = 400 * 2**20
"""Beyond what the process has when all is loaded; eight pictures of 512 x 512 take twice as much."""


def limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY, resource.RLIM_INFINITY))


def main(folder: str) -> None:
    workspace = Workspace.at(folder)
    project = write_squares(workspace, train=8, val=1)
    train_loop(HERE, tiny_job(workspace, "small", project=project, epochs=1))
    large: dict[str, Any] = {
        "input_size": {"width": 512, "height": 512},
        "batch_size": {"train": 8, "val": 1},
        "epochs": 1,
        "val_every": 1,
    }
    limit_memory()
    try:
        train_loop(HERE, tiny_job(workspace, "large", project=project, **large))
    except ResourceError as error:
        told = str(error)
    parts = int(re.findall(r'"accumulate": (\d+)', told)[0])
    job = tiny_job(workspace, "in parts", project=project, **large, accumulate=parts)
    train_loop(HERE, job)
    print(json.dumps({"error": told, "checkpoints": len(list_checkpoints(job.model).whole)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
