"""What a project holds: pictures, tags and sizes, and per class images, objects and area."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kittiseg.project.geometry import Size
from kittiseg.project.item import ItemKey
from kittiseg.project.store import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureStatistics:
    """The counts of one picture. ``objects`` and ``area_px``: by class, of the classes that are on it."""

    dataset: str
    size: Size
    tags: frozenset[str]
    object_tags: Mapping[str, int]
    objects: Mapping[str, int]
    area_px: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassStatistics:
    """One class over a whole project. ``area_percent``: of all pixels of the project, with or without the class."""

    name: str
    images: int
    objects: int
    area_px: int
    area_percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectStatistics:
    """A project's counts; ``classes`` by area, largest first, those of no area in the project's order."""

    project: str
    images: int
    datasets: Mapping[str, int]
    tags: Mapping[str, int]
    object_tags: Mapping[str, int]
    sizes: Mapping[Size, int]
    classes: tuple[ClassStatistics, ...]

    def to_json(self) -> dict[str, Any]:
        """``datasets`` and ``tags``: name -> pictures; ``object_tags``: name -> objects; the rest are lists."""
        return {
            "project": self.project,
            "images": self.images,
            "datasets": dict(self.datasets),
            "tags": dict(self.tags),
            "object_tags": dict(self.object_tags),
            "sizes": [
                {"width": size.width, "height": size.height, "images": count} for size, count in self.sizes.items()
            ],
            "classes": [
                {
                    "name": entry.name,
                    "images": entry.images,
                    "objects": entry.objects,
                    "area_px": entry.area_px,
                    "area_percent": entry.area_percent,
                }
                for entry in self.classes
            ],
        }


def picture_statistics(project: Project, key: ItemKey) -> PictureStatistics:
    """The counts of one picture, from its annotation alone; the picture is not opened.

    The area of a class is the sum over its objects: where two overlap, both count.
    """
    annotation = project.annotation(key)
    objects: Counter[str] = Counter()
    area_px: dict[str, float] = {}
    for figure in annotation.figures:
        objects[figure.class_name] += 1
        area_px[figure.class_name] = area_px.get(figure.class_name, 0.0) + figure.shape.area
    return PictureStatistics(
        dataset=key.dataset,
        size=annotation.image,
        tags=annotation.tag_names,
        object_tags=Counter(tag.name for figure in annotation.figures for tag in figure.tags),
        objects=objects,
        area_px=area_px,
    )


def combine(project: Project, pictures: Iterable[PictureStatistics]) -> ProjectStatistics:
    """The project's statistics from those of its pictures; their order does not matter."""
    datasets, sizes = Counter(dict.fromkeys(project.datasets, 0)), Counter[Size]()
    tags = Counter(dict.fromkeys((tag.name for tag in project.meta.tags), 0))
    object_tags, images, objects = tags.copy(), Counter[str](), Counter[str]()
    areas: dict[str, list[float]] = {name: [] for name in project.meta.shapes}
    for picture in pictures:
        datasets[picture.dataset] += 1
        sizes[picture.size] += 1
        tags.update(picture.tags)
        object_tags.update(picture.object_tags)
        images.update(picture.objects.keys())
        objects.update(picture.objects)
        for name, area in picture.area_px.items():
            areas[name].append(area)
    pixels = sum(size.area * count for size, count in sizes.items())
    area_px = {name: math.fsum(found) for name, found in areas.items()}
    classes = [
        ClassStatistics(
            name=name,
            images=images[name],
            objects=objects[name],
            area_px=round(area),
            area_percent=100 * area / pixels if pixels else 0.0,
        )
        for name, area in sorted(area_px.items(), key=lambda entry: -entry[1])
    ]
    return ProjectStatistics(
        project=project.name,
        images=datasets.total(),
        datasets=dict(datasets),
        tags=dict(tags),
        object_tags={name: count for name, count in object_tags.items() if count},
        sizes=dict(sorted(sizes.items(), key=lambda entry: (-entry[1], entry[0]))),
        classes=tuple(classes),
    )
