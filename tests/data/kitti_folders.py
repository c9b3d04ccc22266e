"""Tiny folders and zips in the layouts that imports read, written where a test says."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from kittiseg.formats import Converted, Format, PlannedProject, Source
from kittiseg.project import pixels
from kittiseg.project.annotation import Annotation
from kittiseg.project.geometry import Size
from kittiseg.project.store import Project, Workspace
from tests.data.projects import SMALL, picture


def png(size: Size = SMALL, *, seed: int = 0) -> bytes:
    return pixels.encode(picture(size, seed=seed), ".png")


def write(folder: Path, path: str, data: bytes | np.ndarray | dict[str, Any] | list[Any]) -> None:
    """Bytes as they are, an array as PNG, anything else as JSON."""
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(data, np.ndarray):
        data = pixels.encode(data, ".png")
    target.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())


def zipped(folder: Path, *, inside: str = "") -> Path:
    """A zip of all that is in a folder, beside it; ``inside``: a folder to put around it in the archive."""
    target = folder.with_suffix(".zip")
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, inside + path.relative_to(folder).as_posix())
    return target


def instance_map(size: Size = SMALL) -> np.ndarray:
    """Road (7) below, two cars (26 * 256 + 1 and + 2) above it, unlabeled (0) elsewhere."""
    labels_hw = np.zeros((size.height, size.width), np.uint16)
    labels_hw[size.height // 2 :] = 7 * 256
    labels_hw[0:2, 1:3] = 26 * 256 + 1
    labels_hw[1:4, 5:7] = 26 * 256 + 2
    return labels_hw


def write_frame(
    split: Path, number: int = 0, *, instance: np.ndarray | None = None, semantic: np.ndarray | None = None
) -> None:
    """One frame of a KITTI split with the masks that are given."""
    name = f"{number:06d}_10.png"
    write(split, f"image_2/{name}", png(seed=number))
    if instance is not None:
        write(split, f"instance/{name}", instance)
    if semantic is not None:
        write(split, f"semantic/{name}", semantic)


def convert_all(reader: Format, source: Source, planned: PlannedProject) -> dict[str, Converted]:
    """``dataset/file name`` -> what the format made of it."""
    return {f"{task.dataset}/{task.file_name}": reader.convert(source, task, planned.meta) for task in planned.tasks}


def imported(reader: Format, location: Path, workspace: Workspace, name: str = "P") -> Project:
    """The one project that a source holds, written into the workspace; no picture of it may have a problem."""
    source = Source.at(location)
    (planned,) = reader.plan(source, name)
    assert planned.problems == ()
    draft, meta = workspace.draft(name), planned.meta
    for dataset in sorted({task.dataset for task in planned.tasks}):
        draft.add_dataset(dataset)
    for place, made in convert_all(reader, source, planned).items():
        dataset, file_name = place.split("/")
        draft.write(dataset, file_name, picture=made.picture, annotation=made.annotation)
        for tag in sorted(made.new_tags):
            meta = meta.with_tag(tag)
    return draft.commit(meta, {"made_by": "a test"})


def masks_of(annotation: Annotation) -> list[tuple[str, np.ndarray]]:
    """Class name and full-size bool mask (h, w) of each figure."""
    found = []
    for figure in annotation.figures:
        mask_hw = np.zeros((annotation.image.height, annotation.image.width), np.uint8)
        figure.shape.draw(mask_hw, 1)
        found.append((figure.class_name, mask_hw.astype(bool)))
    return found
