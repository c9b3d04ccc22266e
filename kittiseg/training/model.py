"""What a model is beside its weights: the config.json of its folder, and the network that it describes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from kittiseg.config import did_you_mean, parse, pointer, to_json
from kittiseg.errors import ConfigError, ModelError, Problem
from kittiseg.training.classes import ClassIndex
from kittiseg.training.config import TrainConfig
from kittiseg.training.losses import BceDice
from kittiseg.training.networks import encoder_of, make_network
from kittiseg.training.scores import wrong_best_by


@dataclass(frozen=True)
class ModelConfig:
    """The config.json of a model: ``settings`` it was trained with, ``out_classes``, ``class_title_to_idx``.

    ConfigError where loss, class weights, sampling or what is best do not fit the classes.
    """

    settings: TrainConfig
    classes: ClassIndex

    def __post_init__(self) -> None:
        problems = self._problems()
        if problems:
            raise ConfigError("the training config does not fit the project's classes", problems)

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
        """The network with first weights that follow from the seed alone, on the CPU.

        ConfigError where it cannot take pictures of the input's size, or has no encoder that could be frozen.
        """
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.settings.seed)
            network = make_network(self.settings.network, len(self.classes), self.settings.width)
        self._refuse_misfit(network)
        return network

    def _problems(self) -> list[Problem]:
        titles, problems = self.classes.names, []
        if isinstance(self.settings.loss, BceDice) and len(titles) != 2:
            message = f"bce_dice is for two classes and there are {len(titles)}: {', '.join(titles)}; take ce or dice"
            problems.append(Problem("/loss/name", message))
        if isinstance(self.settings.class_weights, Mapping):
            unknown = [title for title in self.settings.class_weights if title not in titles]
            problems += [
                Problem(pointer("class_weights", title), f"no class of the network{did_you_mean(title, titles)}")
                for title in unknown
            ]
        for place, title in enumerate(self.settings.sampling.classes if self.settings.sampling else ()):
            if title not in titles:
                message = f"'{title}' is no class of the network{did_you_mean(title, titles)}"
                problems.append(Problem(pointer("sampling", "classes", place), message))
        wrong = wrong_best_by(self.settings.best_by, titles, has_whole=self.settings.validate_on is not None)
        return [*problems, Problem("/best_by", wrong)] if wrong else problems

    def _refuse_misfit(self, network: nn.Module) -> None:
        size, called, multiple = self.settings.input_size, f"network '{self.settings.network}'", int(network.multiple)  # type: ignore[arg-type]
        problems = [
            Problem(f"/input_size/{name}", f"is {side} px; {called} wants a multiple of {multiple}")
            for name, side in (("width", size.width), ("height", size.height))
            if side % multiple
        ]
        if self.settings.freeze_encoder and encoder_of(network) is None:
            problems.append(Problem("/freeze_encoder", f"{called} has no encoder that could be frozen; set it to 0"))
        if problems:
            raise ConfigError("the training config does not fit the network", problems)


def json_bytes(document: Any) -> bytes:
    """A JSON file of a model's folder, for people to read too."""
    return (json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode()
