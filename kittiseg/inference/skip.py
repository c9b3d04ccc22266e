"""Windows that need no network: the settings, and what they come to for one picture."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import numpy as np
from annotated_types import Ge, Gt, Le, MinLen

from kittiseg.config import Doc, did_you_mean, pointer, read_json, settings
from kittiseg.errors import ConfigError, DataError, Problem
from kittiseg.inference.areas import Areas, MapAreas, map_areas
from kittiseg.inference.regions import Region
from kittiseg.inference.writers.georeference import read_georeference
from kittiseg.project.annotation import Annotation
from kittiseg.project.geometry import Window
from kittiseg.project.item import ItemKey
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.store import Project

_INSIDE = ("mode", "skip", "inside")


@settings
class InsideObjects:
    """Objects that the picture has."""

    objects: Annotated[tuple[str, ...], MinLen(1), Doc("their classes")]


@settings
class InsidePolygons:
    """Polygons of a file, the same for all pictures."""

    geojson: Annotated[
        str, MinLen(1), Doc("its path; in coordinates of the picture's map, in px for pictures that lie on none")
    ]


@settings
class Coarse:
    """A first pass, with larger windows side by side, says where a second one is worth its time."""

    factor: Annotated[int, Ge(2), Le(16), Doc("its windows are so many times as wide, and as high")] = 4
    below: Annotated[
        float, Gt(0), Le(1), Doc("windows stay as it saw them where it gives no object class so high a probability")
    ] = 0.1


@settings
class Skip:
    """Which windows the network is not shown. What only windows without an answer cover has no label then."""

    plain: Annotated[bool, Doc("those of one colour, as where there is no data; without an answer")] = False
    inside: Annotated[
        InsideObjects | InsidePolygons | None, Doc("those that touch none of these; without an answer")
    ] = None
    coarse: Annotated[Coarse | None, Doc("those where a first pass sees next to nothing; its answer is taken")] = None

    @property
    def absolute(self) -> "Skip":
        """The same for a process in another working directory."""
        if not isinstance(self.inside, InsidePolygons):
            return self
        return replace(self, inside=InsidePolygons(geojson=str(Path(self.inside.geojson).absolute())))


@dataclass(frozen=True)
class Sieve:
    """Which windows over one picture the network is not shown; by default it is shown all.

    ``inside``: in px of the picture. ``background``: the index of the only class that is no object.
    """

    plain: bool = False
    inside: Areas | None = None
    coarse: Coarse | None = None
    background: int = 0

    @property
    def leaves_gaps(self) -> bool:
        """Whether there may be windows without an answer."""
        return self.plain or self.inside is not None

    def is_outside(self, region: Region, window: Window) -> bool:
        """Whether a window of the region's grid touches none of the areas, of which it need not be looked at."""
        shown = region.shown(window)
        return self.inside is not None and (shown is None or not self.inside.touch(shown))


SHOW_ALL = Sieve()


@dataclass(frozen=True)
class Skipping:
    """What a worker must know to make the sieve of a picture. ``areas``: what was in the settings' file, if any."""

    settings: Skip
    background: int = 0
    areas: MapAreas | None = None

    @property
    def leaves_gaps(self) -> bool:
        """Whether there may be windows without an answer."""
        return self.settings.plain or self.settings.inside is not None

    def sieve(self, source: Annotation, open_source: Callable[[], BinaryIO], *, name: str) -> Sieve:
        """That of a picture; ``open_source`` opens its file, which says where it lies on the map.

        DataError where the polygons' coordinates are not those of the picture.
        """
        sieve = Sieve(self.settings.plain, None, self.settings.coarse, self.background)
        inside = self.settings.inside
        if isinstance(inside, InsideObjects):
            shapes = [figure.shape for figure in source.figures if figure.class_name in inside.objects]
            return replace(sieve, inside=Areas.of_shapes(shapes))
        if self.areas is not None:
            return replace(sieve, inside=self.areas.on(source.image, read_georeference(open_source, name=name)))
        return sieve


def sieve_of(skipping: Skipping | None, project: Project, key: ItemKey, source: Annotation) -> Sieve:
    """That of a project's picture with this annotation; DataError, which names it, as :meth:`Skipping.sieve`."""
    if skipping is None:
        return SHOW_ALL
    try:
        return skipping.sieve(source, partial(project.open_picture, key), name=key.name)
    except DataError as error:
        raise DataError(f"{key}: {error}") from None


def plan_skipping(skip: Skip | None, meta: ProjectMeta, *, background: int, source: str) -> Skipping | None:
    """Reads what the settings name, before the first picture; None where they skip nothing.

    ConfigError (``source`` names the config) where ``meta`` has not a class, or a file is missing or is no GeoJSON with
    polygons.
    """
    if skip is None or skip == Skip():
        return None
    if isinstance(skip.inside, InsidePolygons):
        return Skipping(skip, background, _read_areas(skip.inside.geojson, source))
    if isinstance(skip.inside, InsideObjects):
        titles = list(meta.shapes)
        problems = [
            Problem(
                pointer(*_INSIDE, "objects", index),
                f"'{title}' is no class of the project{did_you_mean(title, titles)}",
            )
            for index, title in enumerate(skip.inside.objects)
            if title not in titles
        ]
        if problems:
            raise ConfigError(source, problems)
    return Skipping(skip, background)


def _read_areas(geojson: str, source: str) -> MapAreas:
    path = Path(geojson)
    message = f"no file '{path}'; relative paths begin at {Path.cwd()}"
    if path.is_file():
        try:
            return map_areas(read_json(path))
        except ValueError as error:
            message = f"{path}: no GeoJSON of polygons: {error}"
        except ConfigError as error:
            message = str(error)
    raise ConfigError(source, [Problem(pointer(*_INSIDE, "geojson"), message)])


def is_plain(image_hwc: np.ndarray) -> bool:
    """Whether all pixels have one colour."""
    first: Any = image_hwc[:1, :1]
    return bool((image_hwc[0] == first[0]).all() and (image_hwc == first).all())  # hardly one row is, as a rule
