"""What predicting with a model takes: its checkpoint, its mode, its network; also to plan it, or to look at windows."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kittiseg.config import load
from kittiseg.engine import DeviceKind
from kittiseg.errors import ConfigError, Problem
from kittiseg.inference.config import InferenceConfig, SlidingWindowSettings, WholeSettings
from kittiseg.inference.modes import Mode, Sight, make_mode
from kittiseg.inference.outputs import Outputs, plan_outputs
from kittiseg.inference.skip import Skipping, plan_skipping
from kittiseg.inference.writers import check_stems
from kittiseg.pipeline.run import Run
from kittiseg.project.geometry import Size
from kittiseg.project.store import Files, Project

if TYPE_CHECKING:
    from torch import nn

    from kittiseg.inference.network import NetworkForward
    from kittiseg.training.checkpoints import Checkpoint
    from kittiseg.training.model import ModelConfig


@dataclass(frozen=True)
class PredictOptions:
    """What ``predict`` is asked for. ``model``: ``M``, ``M@27``, ``M@best`` or ``M@last``. A plan needs no ``name``."""

    config: Path
    model: str
    project: str
    name: str = ""
    devices: str | None = None
    overwrite: bool = False


@dataclass(frozen=True)
class Job:
    """What a worker needs to begin. ``classes``: how many scores the network gives a pixel."""

    model: Files
    checkpoint: str
    config: InferenceConfig
    outputs: Outputs
    project: Project
    mode: Mode
    classes: int
    temperature: float
    skipping: Skipping | None


def prepare(run: Run, options: PredictOptions) -> tuple[Job, "Checkpoint", "ModelConfig"]:
    """Everything that can be wrong is found here, before a picture is read."""
    from kittiseg.training.checkpoints import resolve
    from kittiseg.training.classes import BACKGROUND
    from kittiseg.training.prepare import read_model_config
    from kittiseg.training.temperature import temperature_of

    config = load(InferenceConfig, options.config)
    project = run.workspace.project(options.project)
    name, _, wanted = options.model.partition("@")
    files = run.workspace.model_files(name)
    checkpoint = resolve(files, wanted or "last")
    model = read_model_config(files)
    outputs = plan_outputs(config, model.classes.channels, project.meta, source=str(options.config))
    if config.outputs:
        check_stems(project.iter_keys())
    job = Job(
        files,
        str(checkpoint.number),
        config,
        outputs,
        project,
        mode=_mode_of(config, files, checkpoint),
        classes=len(model.classes),
        temperature=temperature_of(files, checkpoint.number, config.temperature),
        skipping=plan_skipping(config.skip, project.meta, background=BACKGROUND, source=str(options.config)),
    )
    return job, checkpoint, model


def _mode_of(config: InferenceConfig, model_files: Files, checkpoint: "Checkpoint") -> Mode:
    """For the mode ``whole`` the network is looked at, which takes some seconds."""
    if not isinstance(config.mode, WholeSettings):
        return make_mode(config.mode)
    from kittiseg.training.checkpoints import load_network

    network, model = load_network(model_files, checkpoint)
    return make_mode(config.mode, sight_of(network, model.settings.input_size.size))


def make_forward(*, device: DeviceKind, threads: int | None, job: Job) -> "NetworkForward":
    """Loads the network, in the worker. ``threads``: torch's number for the whole process, if it is to be set.

    What was compiled for full batches is given no others, nor is a GPU, which chooses how to compute by their size;
    but there only sliding windows are filled up, of which few batches are not full.
    """
    import torch

    from kittiseg.inference.network import NetworkForward
    from kittiseg.training.checkpoints import load_network, resolve

    if threads is not None:
        torch.set_num_threads(threads)
    config = job.config
    network, model = load_network(job.model, resolve(job.model, job.checkpoint))
    fills_up = config.compile or (device == "cuda" and isinstance(config.mode, SlidingWindowSettings))
    return NetworkForward(
        network,
        input_size=model.settings.input_size.size,
        device=device,
        precision=config.precision,
        augment=config.augment,
        temperature=job.temperature,
        compile=config.compile,
        pad_to=config.batch_size if fills_up else 0,
    )


def sight_of(network: "nn.Module", input_size: Size) -> Sight:
    """What the mode ``whole`` asks of a network. ConfigError where it looks at its whole input, wherever that ends."""
    from kittiseg.inference.network import multiple_of
    from kittiseg.inference.receptive_field import receptive_field

    halo = receptive_field(network)
    if halo is None:
        message = "this network averages over its whole input, so that tiles would not agree; take sliding_window"
        raise ConfigError("the inference config", [Problem("/mode/source", message)])
    return Sight(input_size, multiple_of(network), halo)
