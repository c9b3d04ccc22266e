"""One command and one group of workers at a model at a time, and what those that were killed have left there."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress

import torch

from kittiseg.engine import WorkerContext
from kittiseg.errors import KittisegError
from kittiseg.project.locks import locked
from kittiseg.project.store import Files, Workspace, check_name
from kittiseg.training.checkpoints import CONFIG, checkpoint_folders
from kittiseg.training.devices import torch_device
from kittiseg.training.group import Group
from kittiseg.training.loop import train_loop
from kittiseg.training.prepare import TrainJob, aside

LAST_WORDS_S = 60.0  # so long the workers of a driver that was killed may go on; Ray takes a second or two


@contextmanager
def alone_at(workspace: Workspace, name: str, *, resume: bool = False, wait_s: float = 0) -> Iterator[None]:
    """No other command writes model ``name`` meanwhile; WorkspaceError where one does, or an earlier one's workers.

    What a killed command has left is tidied up before, and what this one leaves after. A model that was being replaced
    comes back where the new one has no checkpoint, unless it is the new one that is to ``resume``. ``wait_s``: for so
    long a command that is ending is waited for.
    """
    check_name(name, what="model")
    busy = f"model '{name}' is being written by another process; wait, or stop it"
    model = workspace.files.within(f"models/{name}")
    with locked(workspace.files, f"models/{name}", busy=busy, wait_s=wait_s):
        with _only_workers(model):
            _tidy(workspace.files, name, resume)
        try:
            yield
        finally:
            with suppress(KittisegError), _only_workers(model):  # an error that is on its way out says more
                _tidy(workspace.files, name, resume)


def train_alone(context: WorkerContext, job: TrainJob) -> None:
    """:func:`train_loop`, once no worker of an earlier start writes into the model's folder any more."""
    with _only_workers(job.model) if context.rank == 0 else nullcontext():
        Group(context.rank, context.world_size).sum(torch.zeros(1, device=torch_device(context.device)))  # all wait
        train_loop(context, job)


@contextmanager
def _only_workers(model: Files) -> Iterator[None]:
    """No other group of workers is at the model meanwhile."""
    name = model.root.rpartition("/")[2]
    busy = f"workers of an earlier training of model '{name}' are still running; stop them, then run it again"
    with locked(model.above(2), f"workers/{name}", busy=busy, wait_s=LAST_WORDS_S):
        yield


def _tidy(files: Files, name: str, resume: bool) -> None:
    model = f"models/{name}"
    for left in files.hidden("models"):
        if re.fullmatch(re.escape(f".{name}.") + r"(engine|samples|\w+\.partial)", left):
            files.remove(f"models/{left}")
    for folder in (model, f"{model}/checkpoints"):
        for left in files.hidden(folder):
            files.remove(f"{folder}/{left}")
    old = aside(name)
    if not files.exists(old):
        return
    is_whole = files.exists(f"{old}/{CONFIG}") or not files.is_store  # else a kill stopped its copying
    if not is_whole or (files.exists(f"{model}/{CONFIG}") and checkpoint_folders(files.within(model))):
        files.remove(old, known_by=CONFIG)
    elif not (resume and files.exists(f"{model}/{CONFIG}")):
        files.remove(model, known_by=CONFIG)
        files.move(old, model, known_by=CONFIG)
