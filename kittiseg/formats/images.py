"""``import images``: any folder or zip of pictures, without annotations."""

from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import ClassVar

from kittiseg.errors import DataError
from kittiseg.formats.plan import Converted, ImportTask, PlannedProject
from kittiseg.formats.source import Source
from kittiseg.project.annotation import Annotation
from kittiseg.project.geometry import Size
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.pixels import PICTURE_SUFFIXES, decode_rgb
from kittiseg.project.store import check_name

TOP_DATASET = "ds"  # as in 2018


@dataclass(frozen=True, slots=True)
class Images:
    """Pictures at the top become the data set ``ds``, those of a folder ``a/b`` the data set ``a__b``."""

    summary: ClassVar[str] = "pictures of any folder, without annotations; one data set per folder"

    def plan(self, source: Source, name: str) -> list[PlannedProject]:
        paths = [PurePosixPath(path) for path in source.files() if path.lower().endswith(PICTURE_SUFFIXES)]
        if not paths:
            raise DataError(
                f"{source.location}: no pictures in it; wanted files ending in {', '.join(PICTURE_SUFFIXES)}"
            )
        tasks = [ImportTask(dataset=dataset_of(path.parent), file_name=path.name, picture=str(path)) for path in paths]
        for dataset in {task.dataset for task in tasks}:
            check_name(dataset, what="data set")
        count = Counter((task.dataset, task.file_name) for task in tasks)
        return [
            PlannedProject(
                name=name,
                meta=ProjectMeta(),
                tasks=tuple(task for task in tasks if count[task.dataset, task.file_name] == 1),
                problems=tuple(
                    f"{task.picture}: another folder's picture would also be {task.dataset}/{task.file_name}; "
                    "rename one of the two"
                    for task in tasks
                    if count[task.dataset, task.file_name] > 1
                ),
            )
        ]

    def convert(self, source: Source, task: ImportTask, meta: ProjectMeta) -> Converted:
        picture = source.read(task.picture)
        return Converted(picture=picture, annotation=Annotation(decoded_size(picture, name=task.picture)))


def dataset_of(folder: PurePosixPath) -> str:
    """The name of the data set that a folder of pictures becomes."""
    return "__".join(folder.parts) or TOP_DATASET


def decoded_size(picture: bytes, *, name: str) -> Size:
    """The size of a picture file as its pixels are read, EXIF turns applied; DataError where it is damaged."""
    height, width = decode_rgb(picture, name=name).shape[:2]
    return Size(height=height, width=width)
