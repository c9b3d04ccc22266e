"""What is known of one picture: its size, its tags, and figures in painter's order (later ones cover earlier ones)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from kittiseg.errors import DataError
from kittiseg.project.geometry import Axis, Size, Window
from kittiseg.project.motions import Motion
from kittiseg.project.shapes import Shape, shape_from_json

_FIGURE_KEYS = {"classTitle", "tags", "description", "bitmap", "points", "geometryType", "type", "shape"}
_ANNOTATION_KEYS = {"size", "tags", "description", "objects"}


@dataclass(frozen=True, slots=True)
class Tag:
    """A word on a picture or a figure, with or without a value (a string or a number)."""

    name: str
    value: str | float | None = None

    @classmethod
    def from_json(cls, document: Any) -> "Tag":
        """From today's objects or the strings of 2018."""
        if isinstance(document, str):
            return cls(document)
        if not isinstance(document, dict) or not isinstance(document.get("name"), str):
            raise DataError(f"a tag is a string or an object with 'name', not {str(document)[:60]}")
        value = document.get("value")
        if value is not None and not isinstance(value, str | int | float):
            raise DataError(f"the value of tag '{document['name']}' is {str(value)[:60]}; wanted a string or a number")
        return cls(document["name"], value)

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name} if self.value is None else {"name": self.name, "value": self.value}


@dataclass(frozen=True, slots=True)
class Figure:
    """One object on a picture. ``extra``: keys of its JSON that kittiseg does not know and keeps as they are."""

    class_name: str
    shape: Shape
    tags: tuple[Tag, ...] = ()
    description: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, document: Any, shapes: Mapping[str, str]) -> "Figure":
        """``shapes``: class name -> shape, from the project's meta. DataError for a class that is not in it."""
        if not isinstance(document, dict) or not isinstance(document.get("classTitle"), str):
            raise DataError(f"an object needs 'classTitle': {str(document)[:60]}")
        name = document["classTitle"]
        if name not in shapes:
            raise DataError(f"an object is of class '{name}', which meta.json does not have")
        kind = shapes[name]
        if kind == "any":
            kind = str(document.get("geometryType") or document.get("shape") or kind)
        try:
            shape = shape_from_json(kind, document)
        except DataError as error:
            raise DataError(f"an object of class '{name}': {error}") from None
        return cls(
            class_name=name,
            shape=shape,
            tags=_tags_from_json(document),
            description=document.get("description") or "",
            extra={key: value for key, value in document.items() if key not in _FIGURE_KEYS},
        )

    def to_json(self) -> dict[str, Any]:
        return {
            **self.extra,
            "classTitle": self.class_name,
            "geometryType": self.shape.kind,
            "shape": self.shape.kind,
            "description": self.description,
            "tags": [tag.to_json() for tag in self.tags],
            **self.shape.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Annotation:
    """Everything that is written beside a picture."""

    image: Size
    figures: tuple[Figure, ...] = ()
    tags: tuple[Tag, ...] = ()
    description: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, document: Any, shapes: Mapping[str, str]) -> "Annotation":
        """From the JSON of one picture, of 2018 or of today. DataError says what is wrong with it."""
        if not isinstance(document, dict):
            raise DataError(f"an annotation is an object with 'size' and 'objects', not {str(document)[:60]}")
        return cls(
            image=_size_from_json(document.get("size")),
            figures=tuple(Figure.from_json(entry, shapes) for entry in _list_in(document, "objects")),
            tags=_tags_from_json(document),
            description=document.get("description") or "",
            extra={key: value for key, value in document.items() if key not in _ANNOTATION_KEYS},
        )

    def to_json(self) -> dict[str, Any]:
        return {
            **self.extra,
            "description": self.description,
            "tags": [tag.to_json() for tag in self.tags],
            "size": {"height": self.image.height, "width": self.image.width},
            "objects": [figure.to_json() for figure in self.figures],
        }

    @property
    def tag_names(self) -> frozenset[str]:
        return frozenset(tag.name for tag in self.tags)

    def crop(self, window: Window) -> "Annotation":
        """What lies in the window, in its coordinates; figures that leave it entirely are gone."""
        figures = self._shapes(lambda shape: shape.crop(window))
        return replace(self, image=window.size, figures=figures)

    def mirror(self, axis: Axis) -> "Annotation":
        """``vertical``: left for right, about the vertical axis. ``horizontal``: top for bottom."""
        return replace(self, figures=self._shapes(lambda shape: [shape.mirror(axis, self.image)]))

    def move(self, motion: Motion) -> "Annotation":
        """Figures where a motion of the whole picture puts them, clipped to the new one."""
        assert motion.source == self.image, f"a motion of {motion.source} px on a picture of {self.image} px"
        moved = self._shapes(lambda shape: shape.move(motion))
        return replace(self, image=motion.target, figures=moved).clip()

    def clip(self) -> "Annotation":
        """Figures without what sticks out of the picture; polygons stay as they are, as the label format has it."""
        whole = Window.whole(self.image)
        figures = [
            figure if shape is figure.shape else replace(figure, shape=shape)
            for figure in self.figures
            for shape in ([figure.shape] if figure.shape.kind == "polygon" else figure.shape.crop(whole))
        ]
        return replace(self, figures=tuple(figures))

    def rename(self, names: Mapping[str, str | None]) -> "Annotation":
        """Figures under their class's new name; None drops them. A class that is not mentioned stays."""
        kept = [
            figure if new == figure.class_name else replace(figure, class_name=new)
            for figure in self.figures
            if (new := names.get(figure.class_name, figure.class_name)) is not None
        ]
        return replace(self, figures=tuple(kept))

    def to_label_map(self, classes: Mapping[str, int]) -> np.ndarray:
        """Class indices as uint8 (h, w): 0 where no figure is, figures of other classes left out."""
        labels_hw = np.zeros((self.image.height, self.image.width), np.uint8)
        for figure in self.figures:
            if figure.class_name in classes:
                figure.shape.draw(labels_hw, classes[figure.class_name])
        return labels_hw

    def _shapes(self, change: Callable[[Shape], Sequence[Shape]]) -> tuple[Figure, ...]:
        return tuple(replace(figure, shape=shape) for figure in self.figures for shape in change(figure.shape))


def _size_from_json(document: Any) -> Size:
    size = document if isinstance(document, dict) else {}
    height, width = size.get("height"), size.get("width")
    if type(height) is not int or type(width) is not int or height < 1 or width < 1:
        raise DataError(f"an annotation needs 'size' with whole 'height' and 'width' in px, not {str(document)[:60]}")
    return Size(height=height, width=width)


def _tags_from_json(document: Mapping[str, Any]) -> tuple[Tag, ...]:
    return tuple(map(Tag.from_json, _list_in(document, "tags")))


def _list_in(document: Mapping[str, Any], key: str) -> list[Any]:
    """The list under a key; none where it is missing or null."""
    found = document.get(key)
    if found is not None and not isinstance(found, list):
        raise DataError(f"'{key}' is a list, not {str(found)[:60]}")
    return found or []
