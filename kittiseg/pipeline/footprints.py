"""What each picture of a project takes to be predicted: windows, parts, and pixels in memory."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from kittiseg.errors import DataError
from kittiseg.inference.grid import Grid
from kittiseg.inference.modes import Mode, window_count
from kittiseg.inference.regions import Region
from kittiseg.inference.stitching import parts_of
from kittiseg.pipeline.run import Run
from kittiseg.project.geometry import Size
from kittiseg.project.item import ItemKey
from kittiseg.project.store import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """What the prediction of one picture takes, whatever the network.

    ``regions`` of it are shown in ``windows``, which have ``shown`` px together; ``window``: the largest one, seen at
    ``input_size`` if not at the network's own. ``parts``: pieces that are done each by itself; more than regions where
    it is large. ``open``: px that the largest stitcher has scores of. ``decoded`` px of the picture are in memory at
    once, and the result of ``scored`` px.
    """

    size: Size
    regions: int
    windows: int
    shown: int
    window: Size
    input_size: Size | None
    parts: int
    open: int
    decoded: int
    scored: int

    @property
    def is_large(self) -> bool:
        return self.parts > self.regions


def footprint_of(name: str, size: Size, regions: Sequence[Region]) -> Footprint:
    """Of a picture with a file's ``name``: of a large TIFF file only the rows of a window are decoded at once."""
    grids = [region.grid for region in regions]
    parts = [(grid, rows) for grid in grids for rows in parts_of(grid)]
    largest = max(regions, key=lambda region: region.grid.window.area, default=None)
    window = largest.grid.window if largest else Size(height=0, width=0)
    is_large = len(parts) > len(regions)
    by_rows = is_large and name.lower().endswith((".tif", ".tiff"))
    return Footprint(
        size=size,
        regions=len(regions),
        windows=window_count(regions),
        shown=sum(grid.count * grid.window.area for grid in grids),
        window=window,
        input_size=largest.input_size if largest else None,
        parts=len(parts),
        open=max((grid.rows.window * (grid.columns.length + grid.columns.window) for grid in grids), default=0),
        decoded=window.height * size.width if by_rows else size.area,
        scored=max(map(_area_of_part, parts)) if is_large else size.area,
    )


def _area_of_part(part: tuple[Grid, range]) -> int:
    grid, rows = part
    return (grid.at(rows[-1], 0).bottom - grid.at(rows[0], 0).top) * grid.canvas.width


def count_footprints(run: Run, project: Project, mode: Mode) -> Counter[Footprint]:
    """How many pictures of each footprint the project has, by its annotations."""
    read = partial(_footprint, project, mode)
    return Counter(run.map_light(read, project.keys(), stage="measure", project=project.name, unit="pictures"))


def _footprint(project: Project, mode: Mode, key: ItemKey) -> Footprint:
    source = project.annotation(key)
    try:
        regions = mode.regions(source)
    except DataError as error:
        raise DataError(f"{key}: {error}") from None
    return footprint_of(key.name, source.image, regions)


def usual_footprint(pictures: Mapping[Footprint, int]) -> Footprint:
    """That of the most windows; DataError where there are none."""
    usual = max(pictures, key=lambda each: (each.windows * pictures[each], each.window), default=None)
    if usual is None or not usual.windows:
        raise DataError("no picture has a window, so there is nothing to plan; see kittiseg stats")
    return usual
