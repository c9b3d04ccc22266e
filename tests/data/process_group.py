"""A group of torch.distributed with this process alone in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch.distributed as dist


@contextmanager
def group_of_one(folder: Path) -> Iterator[None]:
    dist.init_process_group("gloo", f"file://{folder / 'meeting'}", rank=0, world_size=1)
    try:
        yield
    finally:
        dist.destroy_process_group()
