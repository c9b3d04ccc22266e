"""``import kitti``: the KITTI semantic segmentation benchmark, as a folder or as the official zip.

``<split>/image_2/000000_10.png`` has its masks in ``<split>/instance`` (16 bits: class id * 256 + number, 0 is none)
or, failing that, in ``<split>/semantic`` (8 bits: class id). ``semantic_rgb`` is not read: classes share colours there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import ClassVar

import numpy as np

from kittiseg.errors import DataError
from kittiseg.formats.images import decoded_size
from kittiseg.formats.plan import Converted, ImportTask, PlannedProject
from kittiseg.formats.source import Source
from kittiseg.project.annotation import Annotation, Figure
from kittiseg.project.geometry import Size
from kittiseg.project.meta import ObjectClass, ProjectMeta
from kittiseg.project.pixels import PICTURE_SUFFIXES, decode_labels
from kittiseg.project.shapes import Bitmap
from kittiseg.project.store import check_name

CLASSES: tuple[ObjectClass, ...] = tuple(  # the index is the class id
    ObjectClass(name, "bitmap", color)
    for name, color in (
        ("unlabeled", "#000000"),
        ("ego vehicle", "#000000"),
        ("rectification border", "#000000"),
        ("out of roi", "#000000"),
        ("static", "#000000"),
        ("dynamic", "#6f4a00"),
        ("ground", "#510051"),
        ("road", "#804080"),
        ("sidewalk", "#f423e8"),
        ("parking", "#faaaa0"),
        ("rail track", "#e6968c"),
        ("building", "#464646"),
        ("wall", "#66669c"),
        ("fence", "#be9999"),
        ("guard rail", "#b4a5b4"),
        ("bridge", "#966464"),
        ("tunnel", "#96785a"),
        ("pole", "#999999"),
        ("polegroup", "#999999"),
        ("traffic light", "#faaa1e"),
        ("traffic sign", "#dcdc00"),
        ("vegetation", "#6b8e23"),
        ("terrain", "#98fb98"),
        ("sky", "#4682b4"),
        ("person", "#dc143c"),
        ("rider", "#ff0000"),
        ("car", "#00008e"),
        ("truck", "#000046"),
        ("bus", "#003c64"),
        ("caravan", "#00005a"),
        ("trailer", "#00006e"),
        ("train", "#005064"),
        ("motorcycle", "#0000e6"),
        ("bicycle", "#770b20"),
    )
)
CLASS_IDS: dict[str, int] = {entry.name: number for number, entry in enumerate(CLASSES)}
SPLITS = {"training": "train", "testing": "test"}  # folder -> what the project's name ends in where both are there


@dataclass(frozen=True, slots=True)
class Kitti:
    """``training`` and ``testing`` become two projects, ``N-train`` and ``N-test``; one of the two becomes ``N``."""

    summary: ClassVar[str] = "the KITTI segmentation benchmark: a folder with training and testing, or the official zip"

    def plan(self, source: Source, name: str) -> list[PlannedProject]:
        splits = _find_splits(source)
        return [
            _plan_split(split, files, name=name if len(splits) == 1 else f"{name}-{SPLITS[split]}")
            for split, files in splits.items()
        ]

    def convert(self, source: Source, task: ImportTask, meta: ProjectMeta) -> Converted:
        picture = source.read(task.picture)
        size = decoded_size(picture, name=task.picture)
        figures: list[Figure] = []
        for role, path in task.beside.items():
            labels_hw = decode_labels(source.read(path), name=path)
            _check_labels(labels_hw, role, size, path)
            figures = figures_of(labels_hw, ids_per_class=256 if role == "instance" else 1)
        return Converted(picture=picture, annotation=Annotation(size, tuple(figures)))


def figures_of(labels_hw: np.ndarray, *, ids_per_class: int) -> list[Figure]:
    """One bitmap for each distinct value, by ascending value; the class id is ``value // ids_per_class``, 0 is none."""
    values = np.flatnonzero(np.bincount(labels_hw.ravel()))
    values = values[values >= ids_per_class]
    if values.size == 0:
        return []
    number_of = np.zeros(int(values[-1]) + 1, np.uint16)
    number_of[values] = np.arange(1, len(values) + 1)
    numbers_hw = number_of[labels_hw]
    in_row, in_column = _occurrence(numbers_hw, len(values) + 1)
    figures = []
    for number, value in enumerate(values.tolist(), start=1):
        rows, columns = np.flatnonzero(in_row[number]), np.flatnonzero(in_column[number])
        top, left = int(rows[0]), int(columns[0])
        mask_hw = numbers_hw[top : rows[-1] + 1, left : columns[-1] + 1] == number
        figures.append(Figure(CLASSES[value // ids_per_class].name, Bitmap(top=top, left=left, mask_hw=mask_hw)))
    return figures


def _occurrence(numbers_hw: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Which number occurs in which row, (count, h), and in which column, (count, w): all boxes in one pass."""
    height, width = numbers_hw.shape
    in_row, in_column = np.zeros((count, height), bool), np.zeros((count, width), bool)
    in_row[numbers_hw, np.arange(height)[:, None]] = True
    in_column[numbers_hw, np.arange(width)] = True
    return in_row, in_column


def _check_labels(labels_hw: np.ndarray, role: str, size: Size, path: str) -> None:
    found = Size(height=labels_hw.shape[0], width=labels_hw.shape[1])
    if found != size:
        raise DataError(f"{path}: is {found} px but its picture {size}; put the two that belong together side by side")
    wanted = np.uint16 if role == "instance" else np.uint8
    if labels_hw.dtype != wanted:
        bits = 8 * labels_hw.itemsize
        raise DataError(f"{path}: has {bits} bits per pixel; wanted {8 * np.dtype(wanted).itemsize} in '{role}'")
    highest = int(labels_hw.max()) >> (8 if role == "instance" else 0)
    if highest >= len(CLASSES):
        raise DataError(f"{path}: has the class id {highest}; KITTI's ids go from 0 to {len(CLASSES) - 1}")


def _find_splits(source: Source) -> dict[str, dict[str, str]]:
    """Split -> its files, as path inside the split -> path in the source; the shallowest place that has some."""
    files = source.files()
    folders = {
        str(PurePosixPath(path).parent.parent)
        for path in files
        if PurePosixPath(path).parent.name == "image_2" and path.lower().endswith(PICTURE_SUFFIXES)
    }
    if "." in folders:
        return {check_name(source.name, what="data set"): {path: path for path in files}}
    named = [PurePosixPath(folder) for folder in folders if PurePosixPath(folder).name in SPLITS]
    depth = min((len(folder.parts) for folder in named), default=0)
    parents = sorted({str(folder.parent) for folder in named if len(folder.parts) == depth})
    if not parents or depth > 2:
        raise DataError(
            f"{source.location}: no pictures in training/image_2 or testing/image_2; "
            "wanted the folder that data_semantics.zip unpacks to, or that zip itself"
        )
    if len(parents) > 1:
        raise DataError(f"{source.location}: several KITTI folders in it ({', '.join(parents)}); give one of them")
    found = {}
    for split in SPLITS:
        folder = PurePosixPath(parents[0]) / split
        if str(folder) in folders:
            prefix = f"{folder}/"
            found[split] = {path.removeprefix(prefix): path for path in files if path.startswith(prefix)}
    return found


def _plan_split(split: str, files: dict[str, str], *, name: str) -> PlannedProject:
    pictures = _in_folder(files, "image_2", PICTURE_SUFFIXES)
    masks = {role: _in_folder(files, role, (".png",)) for role in ("instance", "semantic")}
    tasks = [
        ImportTask(dataset=split, file_name=PurePosixPath(path).name, picture=path, beside=_masks_of(stem, masks))
        for stem, paths in pictures.items()
        for path in paths
    ]
    return PlannedProject(
        name=name,
        meta=ProjectMeta(CLASSES),
        tasks=tuple(tasks),
        problems=tuple(
            f"{path}: a mask without its picture image_2/{stem}.png; add the picture, or remove the mask"
            for role in masks.values()
            for stem, paths in role.items()
            if stem not in pictures
            for path in paths
        ),
        notices=_notices(split, tasks),
    )


def _in_folder(files: dict[str, str], folder: str, suffixes: tuple[str, ...]) -> dict[str, list[str]]:
    """Stem -> paths in the source of the files right in a folder."""
    found: dict[str, list[str]] = {}
    for inside, path in files.items():
        place = PurePosixPath(inside)
        if str(place.parent) == folder and inside.lower().endswith(suffixes):
            found.setdefault(place.stem, []).append(path)
    return found


def _masks_of(stem: str, masks: dict[str, dict[str, list[str]]]) -> dict[str, str]:
    """The one mask to read: ``instance`` where there is one, else ``semantic``."""
    return next(({role: paths[stem][0]} for role, paths in masks.items() if stem in paths), {})


def _notices(split: str, tasks: Iterable[ImportTask]) -> tuple[str, ...]:
    roles = [next(iter(task.beside), None) for task in tasks]
    semantic, bare = roles.count("semantic"), roles.count(None)
    texts = []
    if semantic:
        texts.append(f"{split}: {_frames(semantic)} of {len(roles)} with 'semantic' alone: one object per class")
    if bare and (bare < len(roles) or split == "training"):
        texts.append(f"{split}: {_frames(bare)} of {len(roles)} without masks: pictures without objects")
    return tuple(texts)


def _frames(count: int) -> str:
    return "1 frame" if count == 1 else f"{count} frames"
