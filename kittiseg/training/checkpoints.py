"""The checkpoints of a model: one folder each, written beside and renamed, checked by digest when read.

``checkpoints/00000027/`` holds ``model.safetensors``, ``optimizer.safetensors`` (what the optimizer remembers, and the
weights as they were trained where those of the model are their average), ``state.json`` (where the training stood),
``config.json`` (of the model), ``pictures.json`` (IoU of each validation picture) and ``manifest.json`` (length and
SHA-256 of the others). Of old ones the optimizer may be gone, which is large and needed only to go on.

In object storage, which renames nothing, it is written in its place, and is there when its manifest is, the last file.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import safetensors.torch
from torch import Tensor, nn

from kittiseg.errors import KittisegError, ModelError
from kittiseg.project.store import Files
from kittiseg.training.model import ModelConfig, json_bytes
from kittiseg.training.scores import best_of

MODEL, OPTIMIZER, STATE, CONFIG, PICTURES, MANIFEST = (
    "model.safetensors",
    "optimizer.safetensors",
    "state.json",
    "config.json",
    "pictures.json",
    "manifest.json",
)
_WRITING = "checkpoints/.writing"


@dataclass(frozen=True, kw_only=True)
class TrainState:
    """Where a training stands. ``step``: steps done. The order of pictures follows from the seed and it alone.

    ``val_losses``: of every validation, so their number is that of the checkpoints. ``scores``: by the config's
    ``best_by``, None where a validation has none. ``lr_changed_at``: how many there were when the rate fell last.
    ``data``: digest of the names of the training pictures, or of what a query makes them of. ``sizes``: their number in
    each epoch that was begun; one stands for all where they are the same in all. ``class_weights``: those of the loss,
    by the network's channels; none where it has none.
    """

    step: int = 0
    epoch: float = 0.0
    samples_seen: int = 0
    seed: int = 0
    data: str = ""
    sizes: tuple[int, ...] = ()
    lr: float = 0.0
    lr_changed_at: int = 0
    val_losses: tuple[float, ...] = ()
    scores: tuple[float | None, ...] = ()
    class_weights: tuple[float, ...] = ()
    metrics: Mapping[str, Any] = field(default_factory=dict)

    @property
    def checkpoint(self) -> int:
        """The number of the last checkpoint, from 1; 0 where there is none yet."""
        return len(self.val_losses)


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint whose files are all there, in their full length."""

    number: int
    state: TrainState
    files: Files

    @property
    def loss(self) -> float:
        return self.state.val_losses[-1]

    @property
    def can_go_on(self) -> bool:
        return self.files.exists(OPTIMIZER)

    @property
    def digest(self) -> str:
        """Of the weights."""
        return _manifest(self.files)[MODEL][1]


@dataclass(frozen=True)
class Resumable:
    """A checkpoint with what is needed to go on from it."""

    checkpoint: Checkpoint
    weights: dict[str, Tensor]
    memory: dict[str, Tensor]


@dataclass(frozen=True)
class Checkpoints:
    """What a model's folder has: whole checkpoints by number, and what is wrong with each of the others."""

    model: Files
    whole: tuple[Checkpoint, ...]
    damaged: tuple[str, ...]

    @cached_property
    def best_by(self) -> str:
        """By which value the best is chosen, as the model's config.json has it; those of before had but the loss."""
        config = self.model.read_json(CONFIG) if self.model.exists(CONFIG) else {}
        return config.get("settings", {}).get("best_by", "loss")

    @cached_property
    def best(self) -> Checkpoint:
        """The first of those with the best value of :attr:`best_by`."""
        metrics = [{**checkpoint.state.metrics, "loss": checkpoint.loss} for checkpoint in self._some()]
        return self._some()[best_of(metrics, self.best_by)]

    @property
    def last(self) -> Checkpoint:
        return self._some()[-1]

    def resolve(self, wanted: str) -> Checkpoint:
        """The checkpoint that ``27``, ``best`` or ``last`` names; ModelError says which ones there are."""
        if wanted in ("best", "last"):
            return self.best if wanted == "best" else self.last
        by_number = {checkpoint.number: checkpoint for checkpoint in self._some()}
        if wanted.isdecimal() and int(wanted) in by_number:
            return by_number[int(wanted)]
        raise ModelError(
            f"{self.model.root}: no checkpoint '{wanted}'; there are {_ranges(by_number)}, 'best' "
            f"({self.best.number}) and 'last' ({self.last.number}){self._excuse()}"
        )

    def _some(self) -> tuple[Checkpoint, ...]:
        if not self.whole:
            raise ModelError(f"{self.model.root}: the model has no checkpoint yet; train it{self._excuse()}")
        return self.whole

    def _excuse(self) -> str:
        return f" (damaged: {'; '.join(self.damaged)})" if self.damaged else ""


def list_checkpoints(model: Files) -> Checkpoints:
    """What the model's folder has. Lengths are checked here, digests when a checkpoint is read."""
    whole, damaged = [], []
    for name in checkpoint_folders(model):
        try:
            whole.append(_open(model.within(f"checkpoints/{name}"), name))
        except KittisegError as error:
            damaged.append(str(error))
    return Checkpoints(model, tuple(whole), tuple(damaged))


def checkpoint_folders(model: Files) -> list[str]:
    """The names of all that there are, damaged or not, in order."""
    names = [name for name in model.folders("checkpoints") if name.isdecimal()]
    return [name for name in names if not model.is_store or model.exists(f"checkpoints/{name}/{MANIFEST}")]


def resolve(model: Files, wanted: str) -> Checkpoint:
    """The checkpoint of a model's folder that ``27``, ``best`` or ``last`` names."""
    return list_checkpoints(model).resolve(wanted)


def read_weights(checkpoint: Checkpoint) -> dict[str, Tensor]:
    """The weights by name, on the CPU; ModelError where the file is not what was written."""
    return safetensors.torch.load(_checked(checkpoint.files, MODEL))


def read_optimizer(checkpoint: Checkpoint) -> dict[str, Tensor]:
    """What the optimizer remembered of every parameter, as ``exp_avg.<name>``; ``raw.<name>``: what was averaged."""
    return safetensors.torch.load(_checked(checkpoint.files, OPTIMIZER))


def read_newest(model: Files) -> tuple[Resumable | None, tuple[str, ...]]:
    """The newest checkpoint that a training can go on from, and what is wrong with those that were passed over."""
    listing = list_checkpoints(model)
    passed_over = list(listing.damaged)
    for checkpoint in reversed(listing.whole):
        try:
            if checkpoint.can_go_on:
                found = Resumable(checkpoint, read_weights(checkpoint), read_optimizer(checkpoint))
                return found, tuple(passed_over)
        except KittisegError as error:
            passed_over.append(str(error))
    return None, tuple(passed_over)


def load_network(model: Files, checkpoint: Checkpoint) -> tuple[nn.Module, ModelConfig]:
    """The network with the checkpoint's weights, ready to predict, float32 on the CPU."""
    config = ModelConfig.from_json(
        json.loads(_checked(checkpoint.files, CONFIG)), source=f"{checkpoint.files.root}/{CONFIG}"
    )
    network = config.build()
    try:
        network.load_state_dict(read_weights(checkpoint))
    except RuntimeError as error:
        raise ModelError(f"{checkpoint.files.root}: the weights are not those of its config.json: {error}") from None
    return network.eval(), config


def install_checkpoint(model: Files, name: str, parts: Mapping[str, bytes]) -> None:
    """A checkpoint's folder out of the contents of its files; it appears whole or not at all."""
    manifest = {part: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for part, data in parts.items()}
    place = f"checkpoints/{name}"
    folder = place if model.is_store else _WRITING
    model.remove(folder, known_by=MANIFEST)
    model.make_folder(folder)
    for part, data in {**parts, MANIFEST: json_bytes(manifest)}.items():
        model.write(f"{folder}/{part}", data)
    if folder != place:
        model.remove(place)
        model.move(folder, place)


def checkpoint_parts(checkpoint: Checkpoint) -> dict[str, bytes]:
    """The contents of its files, each held against its digest, for a copy."""
    parts = (MODEL, STATE, CONFIG, *(part for part in (PICTURES, OPTIMIZER) if checkpoint.files.exists(part)))
    return {part: _checked(checkpoint.files, part) for part in parts}


def _open(files: Files, name: str) -> Checkpoint:
    for part, (length, _) in _manifest(files).items():
        found = files.filesystem.get_file_info(files.path(part)).size
        if found != length and not (part == OPTIMIZER and found is None):
            raise ModelError(f"{files.path(part)} has {'no' if found is None else found} bytes of {length}")
    try:
        return Checkpoint(int(name), _read_state(json.loads(_checked(files, STATE))), files)
    except (AttributeError, TypeError, KeyError, ValueError) as error:
        raise ModelError(f"{files.path(STATE)} is none of this version of kittiseg: {error!r}") from None


def _read_state(document: dict[str, Any]) -> TrainState:
    """Of any version: what this one does not know is left out, what that one did not know has its default."""
    known = {each.name: document[each.name] for each in fields(TrainState) if each.name in document}
    lists = {name: tuple(value) for name, value in known.items() if isinstance(value, list)}
    return TrainState(**{**known, **lists, "val_losses": tuple(document["val_losses"])})


def _manifest(files: Files) -> dict[str, tuple[int, str]]:
    """Length and SHA-256 of every file."""
    try:
        return {part: (known["bytes"], known["sha256"]) for part, known in files.read_json(MANIFEST).items()}
    except (AttributeError, TypeError, KeyError):
        raise ModelError(f"{files.path(MANIFEST)} is no manifest") from None


def _checked(files: Files, part: str) -> bytes:
    """The contents of a file, which are what was written."""
    data, manifest = files.read(part), _manifest(files)
    if part not in manifest or hashlib.sha256(data).hexdigest() != manifest[part][1]:
        raise ModelError(f"{files.path(part)} is damaged: its digest is not that of {MANIFEST}; use another checkpoint")
    return data


def _ranges(numbers: Iterable[int]) -> str:
    """``1-3, 5``."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
