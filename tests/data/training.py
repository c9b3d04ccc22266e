"""A project to train on in a second: grey pictures with a bright square that is the object."""

from dataclasses import replace
from typing import Any

import numpy as np

from kittiseg.config import parse
from kittiseg.engine import Resources
from kittiseg.progress import Silent
from kittiseg.project import pixels
from kittiseg.project.geometry import Size
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.store import Project, Workspace
from kittiseg.training.config import TrainConfig
from kittiseg.training.devices import plan_devices
from kittiseg.training.prepare import TrainJob, TrainRequest, prepare
from kittiseg.training.sample_files import write_samples
from kittiseg.training.samples import SampleIndex, Samples
from kittiseg.training.sources import ProjectSource, Source
from tests.data.projects import annotation_of, meta_of, square

CAR = meta_of({"car": "bitmap"})


def write_squares(
    workspace: Workspace,
    name: str = "squares",
    *,
    train: int = 6,
    val: int = 2,
    empty: int = 0,
    meta: ProjectMeta = CAR,
) -> Project:
    """``train`` + ``val`` pictures of 40 x 36 px, tagged so, each with one bright ``car`` at a place of its own.

    The first ``empty`` have none.
    """
    draft = workspace.draft(name)
    draft.add_dataset("ds")
    for index in range(train + val):
        rng = np.random.default_rng(index)
        image_hwc = rng.integers(0, 60, (36, 40, 3), np.uint8)
        figure = square(top=int(rng.integers(0, 18)), left=int(rng.integers(0, 22)), side=18)
        figures = {"car": figure} if index >= empty else {}
        for each in figures.values():
            image_hwc[each.window.slices] += 180
        tag = "train" if index < train else "val"
        annotation = annotation_of(figures, size=Size(height=36, width=40), tags=(tag,))
        draft.write("ds", f"{index:03d}.png", picture=pixels.encode(image_hwc, ".png"), annotation=annotation)
    return draft.commit(meta, {"made_by": "a test"})


def tiny_config(**fields: Any) -> TrainConfig:
    """32 x 32, two pictures a batch, the narrowest network, random weights, on the CPU; ``fields`` as in the JSON."""
    defaults = {
        "input_size": {"width": 32, "height": 32},
        "batch_size": {"train": 2, "val": 2},
        "lr": 0.003,
        "epochs": 2,
        "weights_init_type": "random",
        "width": 0.06,
        "precision": "fp32",
        "devices": "cpu",
    }
    return parse(TrainConfig, {**defaults, **fields}, source="a test")


def tiny_job(
    workspace: Workspace,
    name: str = "tiny",
    *,
    project: Project | None = None,
    source: Source | None = None,
    **fields: Any,
) -> TrainJob:
    """A model of its own, ready to train on the source or the project, or else on new squares."""
    source = source or ProjectSource(project or write_squares(workspace))
    config = tiny_config(**fields)
    plan = plan_devices(config, Resources(cpus=2, gpus=0))
    return with_samples(prepare(workspace, TrainRequest(source=source, name=name, config=config), plan, Silent()))


def with_samples(job: TrainJob, source: Source | None = None) -> TrainJob:
    """The job, its pictures prepared; those of another source where one is given."""
    job = replace(job, source=source or job.source)
    job.samples.remove("")
    write_samples(job.source, job.config.settings, job.config.classes, job.samples)
    return job


def samples_of(samples_nhw4: np.ndarray, *, classes: int = 2, names: str = "abcdefghij") -> Samples:
    """Samples in memory, one letter each for a name."""
    counts_nc = np.array([np.bincount(hw4[..., 3].ravel(), minlength=256)[:classes] for hw4 in samples_nhw4])
    places_n2 = np.array([(0, row) for row in range(len(samples_nhw4))], np.int32)
    sizes_n2 = np.full((len(samples_nhw4), 2), samples_nhw4.shape[1:3], np.int32)
    return Samples(SampleIndex(tuple(names[: len(samples_nhw4)]), places_n2, counts_nc, sizes_n2), {0: samples_nhw4})


def pixels_of(samples: Samples) -> np.ndarray:
    """All of them, (n, h, w, 4)."""
    return samples.take(np.arange(len(samples)))


def with_epochs(job: TrainJob, epochs: int) -> TrainJob:
    """The same job, longer or shorter."""
    return replace(job, config=replace(job.config, settings=replace(job.config.settings, epochs=epochs)))
