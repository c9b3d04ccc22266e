"""First weights: another model's, a file's, ImageNet's, or random ones."""

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from kittiseg.errors import ConfigError, ModelError
from kittiseg.progress import Progress
from kittiseg.project.store import Files, Workspace
from kittiseg.training.checkpoints import load_network, resolve
from kittiseg.training.fetch import cache_folder, fetch
from kittiseg.training.model import ModelConfig
from kittiseg.training.networks import ENCODER, HEAD
from kittiseg.training.networks.smp import SmpNetwork, parts_of, try_out

VGG16_BN = "https://download.pytorch.org/models/vgg16_bn-6c64b313.pth"
SUFFIXES = (".safetensors", ".pt", ".pth")
_WAYS_OUT = 'give weights by --init FILE, or start without any by "weights_init_type": "random"'


@dataclass(frozen=True)
class InitFile:
    """Weights by name in a .safetensors, .pt or .pth file."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True)
class InitModel:
    """A checkpoint (``27``, ``best``, ``last``) of a model's folder."""

    model: Files
    checkpoint: str = "last"

    def __str__(self) -> str:
        return f"{self.model.root}@{self.checkpoint}"


Init = InitFile | InitModel


def find_init(workspace: Workspace, text: str, *, asked: str = "--init") -> Init:
    """A file of weights, a model of the workspace (``M``, ``M@27``, ``M@best``), or a folder. ``asked``: by what."""
    path = Path(text).expanduser()
    if path.suffix in SUFFIXES:
        if not path.is_file():
            raise ModelError(f"{asked} {text}: no such file")
        return InitFile(path)
    name, _, checkpoint = text.partition("@")
    if (Path(name) / "config.json").is_file():
        return InitModel(Files.at(name), checkpoint or "last")
    return InitModel(workspace.model_files(name), checkpoint or "last")


def first_weights(
    config: ModelConfig, init: Init | None, progress: Progress, *, url: str = VGG16_BN
) -> tuple[dict[str, Tensor], str]:
    """All weights that the training starts with, by name, and in words where they are from.

    What is not taken over is drawn by the seed. ModelError where ``init`` is missing or does not fit.
    """
    way, network = config.settings.weights_init_type, config.build()
    if isinstance(network, SmpNetwork):
        part = config.settings.batch_size.train // config.settings.accumulate
        try_out(network, config.settings.input_size.size, pictures=min(part, 2))
    weights = network.state_dict()
    if way == "random":
        if init is not None:
            raise ConfigError(f'--init {init} is given, but "weights_init_type" is "random"; leave out one of them')
        return weights, f"random, seed {config.settings.seed}"
    if way == "continue_training":
        if not isinstance(init, InitModel):
            raise ModelError('"weights_init_type": "continue_training" needs the model to continue: --init MODEL')
        return _continued(config, init), f"all of {init}"
    if init is not None:
        source, found = str(init), _read(init)
    elif isinstance(network, SmpNetwork):
        source, found = config.settings.network, _encoder_weights(config)
    else:
        source, found = "ImageNet (VGG16-BN)", _imagenet(config, progress, url)
    taken = transferable(found, weights, source=source)
    return {**weights, **taken}, f"{len(taken)} of {len(weights)} tensors of {source}"


def transferable(found: Mapping[str, Tensor], weights: Mapping[str, Tensor], *, source: str) -> dict[str, Tensor]:
    """What of ``found`` the network takes over: everything of a known name but the last layer.

    The names of torchvision's VGG (``features.0.weight``) are those of the encoder. ModelError where a shape differs,
    or no name is known.
    """
    named = {ENCODER + name if ENCODER + name in weights else name: tensor for name, tensor in found.items()}
    taken = {name: tensor for name, tensor in named.items() if name in weights and not name.startswith(HEAD)}
    if not taken:
        raise ModelError(
            f"{source}: none of its {len(found)} names ({', '.join(list(found)[:3])}, ...) is one of the network"
        )
    wrong = [
        f"  {name}: {tuple(tensor.shape)} there, {tuple(weights[name].shape)} in the network"
        for name, tensor in taken.items()
        if tensor.shape != weights[name].shape
    ]
    if wrong:
        raise ModelError(
            f"{source}: {len(wrong)} tensors have another shape; was it trained with another width?\n"
            + "\n".join(wrong)
        )
    return {name: tensor.to(weights[name].dtype) for name, tensor in taken.items()}


def read_weights_file(path: Path) -> dict[str, Tensor]:
    """Tensors by name; nothing in the file is executed."""
    try:
        if path.suffix == ".safetensors":
            return safetensors.torch.load_file(path)
        document = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, SafetensorError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise ModelError(f"{path}: no weights that can be read: {error}") from None
    if not isinstance(document, dict) or not all(isinstance(value, Tensor) for value in document.values()):
        raise ModelError(f"{path}: holds no tensors by name, as torch.save(network.state_dict(), ...) writes them")
    return document


def _read(init: Init) -> dict[str, Tensor]:
    if isinstance(init, InitFile):
        return read_weights_file(init.path)
    network, _ = load_network(init.model, resolve(init.model, init.checkpoint))
    return network.state_dict()


def _continued(config: ModelConfig, init: InitModel) -> dict[str, Tensor]:
    network, known = load_network(init.model, resolve(init.model, init.checkpoint))
    if dict(known.classes.index) != dict(config.classes.index):
        raise ModelError(
            f"{init} tells apart {dict(known.classes.index)} and this project {dict(config.classes.index)}; "
            'continue_training needs the same; use "transfer_learning", or map the classes by a query'
        )
    weights = network.state_dict()
    wanted = config.build().state_dict()
    wrong = [name for name in {**wanted, **weights} if _shape(weights, name) != _shape(wanted, name)]
    if wrong:
        raise ModelError(
            f"{init} is a {known.settings.network} of width {known.settings.width} and the config asks for a "
            f"{config.settings.network} of width {config.settings.width}: {len(wrong)} tensors differ, as {wrong[0]}"
        )
    return weights


def _shape(weights: Mapping[str, Tensor], name: str) -> tuple[int, ...] | None:
    return tuple(weights[name].shape) if name in weights else None


def _encoder_weights(config: ModelConfig) -> dict[str, Tensor]:
    """Those that the network's name asks for, fetched by its package."""
    name = config.settings.network
    if parts_of(name)[2] is None:
        raise ModelError(f"'{name}' names no weights; name some of its encoder's, as '{name}/imagenet', or {_WAYS_OUT}")
    network = SmpNetwork(name, len(config.classes), pretrained=True)
    return {key: tensor for key, tensor in network.state_dict().items() if key.startswith("body.encoder.")}


def _imagenet(config: ModelConfig, progress: Progress, url: str) -> dict[str, Tensor]:
    if config.settings.network != "unetv2":
        raise ModelError(
            f"the ImageNet weights are those of VGG16, unetv2's encoder, and the config asks for a "
            f"{config.settings.network}; {_WAYS_OUT}"
        )
    if config.settings.width != 1:
        raise ModelError(
            f"the ImageNet weights fit a network of width 1 and the config asks for {config.settings.width:g}; "
            f"{_WAYS_OUT}"
        )
    try:
        path = fetch(url, cache_folder(), progress)
    except ModelError as error:
        raise ModelError(f"the ImageNet weights cannot be had: {error}; {_WAYS_OUT}") from None
    return read_weights_file(path)
