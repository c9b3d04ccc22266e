"""Which checkpoints of a training are kept, and which of them with the optimizer."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import safetensors.torch
from torch import Tensor

from kittiseg.project.store import Files
from kittiseg.training.checkpoints import (
    CONFIG,
    MANIFEST,
    MODEL,
    OPTIMIZER,
    PICTURES,
    STATE,
    Checkpoint,
    TrainState,
    checkpoint_folders,
    install_checkpoint,
    list_checkpoints,
)
from kittiseg.training.config import KeepBest
from kittiseg.training.model import ModelConfig, json_bytes
from kittiseg.training.scores import score_of

_KEEP_OPTIMIZERS = 2  # where all checkpoints are kept: the last, and one to fall back to


def write_checkpoint(
    model: Files,
    state: TrainState,
    config: ModelConfig,
    weights: Mapping[str, Tensor],
    memory: Mapping[str, Tensor],
    pictures: Sequence[Mapping[str, Any]] = (),
) -> Checkpoint:
    """Writes checkpoint ``state.checkpoint``, in place of a damaged one of that number; then ``keep`` is seen to.

    ``pictures``: name and IoU of each validation picture.
    """
    parts = {
        MODEL: safetensors.torch.save(dict(weights)),
        OPTIMIZER: safetensors.torch.save(dict(memory)),
        STATE: json_bytes(asdict(state)),
        CONFIG: config.to_bytes(),
        PICTURES: json_bytes(list(pictures)),
    }
    name = f"{state.checkpoint:08d}"
    install_checkpoint(model, name, parts)
    if isinstance(config.settings.keep, KeepBest):
        _keep_best(model, config.settings.keep.best, config.settings.best_by, last=state.checkpoint)
    else:
        for old in checkpoint_folders(model):
            if int(old) <= state.checkpoint - _KEEP_OPTIMIZERS:
                model.remove(f"checkpoints/{old}/{OPTIMIZER}")
    return Checkpoint(state.checkpoint, state, model.within(f"checkpoints/{name}"))


def _keep_best(model: Files, count: int, best_by: str, *, last: int) -> None:
    """Removes those before the last that are not among the best; of equal ones the first are.

    Each keeps its optimizer: where the last is damaged, the training goes on from the newest of the others.
    """
    there = [checkpoint for checkpoint in list_checkpoints(model).whole if checkpoint.number <= last]
    best = sorted(there, key=lambda checkpoint: _rank(checkpoint, best_by), reverse=True)[:count]
    kept = {last, *(checkpoint.number for checkpoint in best)}
    for name in checkpoint_folders(model):
        if int(name) < last and int(name) not in kept:
            model.remove(f"checkpoints/{name}", known_by=MANIFEST)


def _rank(checkpoint: Checkpoint, best_by: str) -> tuple[bool, float]:
    """The higher the better: checkpoints without the score come after those that have it, by their loss."""
    score = score_of(checkpoint.state.metrics, checkpoint.loss, best_by)
    return (False, -checkpoint.loss) if score is None else (True, score)
