"""What a model is beside its weights: the config.json of its folder, and the network that it describes."""

import json
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from kittiseg.config import parse, to_json
from kittiseg.errors import ModelError
from kittiseg.training.classes import ClassIndex
from kittiseg.training.config import TrainConfig
from kittiseg.training.networks import NETWORKS


@dataclass(frozen=True)
class ModelConfig:
    """The config.json of a model: ``settings`` it was trained with, ``out_classes``, ``class_title_to_idx``."""

    settings: TrainConfig
    classes: ClassIndex

    @classmethod
    def from_json(cls, document: Any, *, source: str) -> "ModelConfig":
        if not isinstance(document, dict) or "settings" not in document:
            raise ModelError(f"{source}: no config of a model: it has no 'settings'")
        settings = parse(TrainConfig, document["settings"], source=source, at="/settings")
        return cls(settings, ClassIndex.from_json(document))

    def to_json(self) -> dict[str, Any]:
        return {"settings": to_json(self.settings), **self.classes.to_json()}

    def to_bytes(self) -> bytes:
        return json_bytes(self.to_json())

    def build(self) -> nn.Module:
        """The network with first weights that follow from the seed alone, on the CPU."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.settings.seed)
            return NETWORKS[self.settings.network](len(self.classes), self.settings.width)


def json_bytes(document: Any) -> bytes:
    """A JSON file of a model's folder, for people to read too."""
    return (json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode()
