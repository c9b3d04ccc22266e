"""``import supervisely``: a project folder or zip of Supervisely, of 2018 or of today.

The two differ in the annotation's file name: ``ann/<stem>.json`` then, ``ann/<file name>.json`` now. Each picture is
looked up under its full name first, then under its stem. Rectangles keep their corners as they are written.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any, ClassVar

from kittiseg.errors import DataError
from kittiseg.formats.images import decoded_size
from kittiseg.formats.plan import Converted, ImportTask, PlannedProject
from kittiseg.formats.source import Source
from kittiseg.project.annotation import Annotation, Figure
from kittiseg.project.geometry import Window
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.pixels import PICTURE_SUFFIXES
from kittiseg.project.store import check_name

_META_FILES = ("classes.json", "meta.json")  # the former, a bare list of classes, is older than 2018 and goes first
_LEAST_POINTS = {"polygon": 3, "rectangle": 2, "line": 2, "point": 1}


@dataclass(frozen=True, slots=True)
class Supervisely:
    """Data sets keep their names; a nested one, ``a/datasets/b``, becomes ``a__b``."""

    summary: ClassVar[str] = "a project of Supervisely, in the layout of 2018 or of today"

    def plan(self, source: Source, name: str) -> list[PlannedProject]:
        files = source.files()
        meta_path = _find_meta(source, files)
        root = PurePosixPath(meta_path).parent
        folders: dict[str, dict[str, dict[str, str]]] = {}
        for path in files:
            place = PurePosixPath(path)
            parts = place.relative_to(root).parts if place.is_relative_to(root) else ()
            if len(parts) >= 3 and parts[-2] in ("img", "ann"):
                dataset = "__".join(part for part in parts[:-2] if part != "datasets")
                folders.setdefault(dataset, {"img": {}, "ann": {}})[parts[-2]][place.name] = path
        if not folders:
            raise DataError(f"{source.location}: no data set in it; wanted <data set>/img and <data set>/ann")
        tasks: list[ImportTask] = []
        problems: list[str] = []
        for dataset, folder in sorted(folders.items()):
            pairs, unpaired = _pair(check_name(dataset, what="data set"), folder["img"], folder["ann"])
            tasks += pairs
            problems += unpaired
        return [
            PlannedProject(name=name, meta=_read_meta(source, meta_path), tasks=tuple(tasks), problems=tuple(problems))
        ]

    def convert(self, source: Source, task: ImportTask, meta: ProjectMeta) -> Converted:
        picture = source.read(task.picture)
        path = task.beside["ann"]
        document = _read_json(source, path)
        try:
            annotation, notices = read_annotation(document, meta)
        except DataError as error:
            raise DataError(f"{path}: {error}") from None
        size = decoded_size(picture, name=task.picture)
        if size != annotation.image:
            raise DataError(f"{task.picture}: the picture is {size} px but {path} says {annotation.image}; mend either")
        return Converted(
            picture=picture, annotation=annotation, new_tags=_new_tags(annotation, meta), notices=tuple(notices)
        )


def read_annotation(document: Any, meta: ProjectMeta) -> tuple[Annotation, list[str]]:
    """The annotation without objects that are none or lie outside of the picture; a text for each one left out.

    Bitmaps are clipped to the picture and trimmed, rectangles, lines and points clipped; polygons stay as they are.
    """
    notices: list[str] = []
    if isinstance(document, dict) and isinstance(document.get("objects"), list):
        objects = [entry for entry in document["objects"] if _has_points(entry, meta.shapes)]
        notices += ["an object with too few points for its shape"] * (len(document["objects"]) - len(objects))
        document = {**document, "objects": objects}
    annotation = Annotation.from_json(document, meta.shapes)
    whole = Window.whole(annotation.image)
    figures: list[Figure] = []
    for figure in annotation.figures:
        clipped = [figure.shape] if figure.shape.kind == "polygon" else figure.shape.crop(whole)
        figures += [replace(figure, shape=shape) for shape in clipped]
        if not clipped:
            notices.append("an object that is empty or lies outside of its picture")
    return replace(annotation, figures=tuple(figures)), notices


def _has_points(entry: Any, shapes: Mapping[str, str]) -> bool:
    """False for a vector object of too few points: the engine of 2018 wrote such, and left them out on reading."""
    least = _LEAST_POINTS.get(shapes.get(str(entry.get("classTitle")), "")) if isinstance(entry, dict) else None
    points = entry.get("points") if least else None
    exterior = points.get("exterior") if isinstance(points, dict) else None
    return not isinstance(exterior, list) or least is None or len(exterior) >= least


def _pair(dataset: str, pictures: dict[str, str], annotations: dict[str, str]) -> tuple[list[ImportTask], list[str]]:
    """Each picture with its one annotation, and a text for each file that has no partner."""
    own = {
        name: next((found for found in (f"{name}.json", f"{_stem(name)}.json") if found in annotations), None)
        for name in pictures
    }
    uses = Counter(own.values())
    tasks, problems = [], []
    for name, path in pictures.items():
        annotation = own[name]
        if not name.lower().endswith(PICTURE_SUFFIXES):
            problems.append(f"{path}: not a picture of a known kind; known: {', '.join(PICTURE_SUFFIXES)}")
        elif annotation is None:
            problems.append(f"{path}: has no annotation ann/{name}.json; add it, or remove the picture")
        elif uses[annotation] > 1:
            problems.append(f"{path}: shares {annotations[annotation]} with another picture; each needs its own")
        else:
            beside = {"ann": annotations[annotation]}
            tasks.append(ImportTask(dataset=dataset, file_name=name, picture=path, beside=beside))
    problems += [
        f"{path}: an annotation without its picture; add the picture, or remove the annotation"
        for name, path in annotations.items()
        if name not in uses
    ]
    return tasks, problems


def _stem(name: str) -> str:
    return PurePosixPath(name).stem


def _find_meta(source: Source, files: list[str]) -> str:
    """The path of the project's meta, at the top or one folder below."""
    for depth in (1, 2):
        at_depth = [PurePosixPath(path) for path in files if path.count("/") == depth - 1]
        found = [path for name in _META_FILES for path in at_depth if path.name == name]
        roots = sorted({str(path.parent) for path in found})
        if len(roots) > 1:
            raise DataError(f"{source.location}: several projects in it ({', '.join(roots)}); import them one by one")
        if found:
            return str(found[0])
    raise DataError(f"{source.location}: no meta.json in it; wanted the folder or zip of a Supervisely project")


def _read_meta(source: Source, path: str) -> ProjectMeta:
    document = _read_json(source, path)
    if isinstance(document, list):
        document = {"classes": document}
    kind = document.get("projectType", "images") if isinstance(document, dict) else "images"
    if kind != "images":
        raise DataError(f"{path}: a project of {kind}; only projects of images can be imported")
    try:
        return ProjectMeta.from_json(document)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def _read_json(source: Source, path: str) -> Any:
    try:
        return json.loads(source.read(path))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not valid JSON: {error}; mend or replace the file") from None


def _new_tags(annotation: Annotation, meta: ProjectMeta) -> frozenset[str]:
    known = {tag.name for tag in meta.tags}
    borne = [annotation.tags, *(figure.tags for figure in annotation.figures)]
    return frozenset(tag.name for tags in borne for tag in tags) - known
