"""What each picture of a project takes to be predicted: windows, parts, and pixels in memory."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

from kittiseg.errors import DataError
from kittiseg.inference.glance import Glance
from kittiseg.inference.grid import Grid
from kittiseg.inference.modes import Mode, window_count
from kittiseg.inference.regions import Region
from kittiseg.inference.skip import SHOW_ALL, Sieve, Skipping, sieve_of
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

    Where windows may be skipped, ``windows`` are at most so many, those of a first pass among them: ``unsure`` of them
    may be skipped when they are looked at, and ``skipped`` others are without a look. ``glanced``: windows of the first
    pass whose scores are held beside a stitcher.
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
    unsure: int = 0
    skipped: int = 0
    glanced: int = 0

    @property
    def is_sieved(self) -> bool:
        """Whether some of its windows are skipped, or may be."""
        return bool(self.unsure or self.skipped)

    @property
    def is_large(self) -> bool:
        return self.parts > self.regions


def footprint_of(name: str, size: Size, regions: Sequence[Region], sieve: Sieve = SHOW_ALL) -> Footprint:
    """Of a picture with a file's ``name``: of a large TIFF file only the rows of a window are decoded at once."""
    grids = [region.grid for region in regions]
    parts = [(grid, rows) for grid in grids for rows in parts_of(grid)]
    largest = max(regions, key=lambda region: region.grid.window.area, default=None)
    window = largest.grid.window if largest else Size(height=0, width=0)
    is_large = len(parts) > len(regions)
    by_rows = is_large and name.lower().endswith((".tif", ".tiff"))
    rows = window.height if sieve.coarse is None else min(window.height * sieve.coarse.factor, size.height)
    sifted = [_sifted(region, sieve) for region in regions]
    near = sum(inside for inside, _ in sifted)
    shown = [inside + sum(cells) for inside, cells in sifted]
    return Footprint(
        size=size,
        regions=len(regions),
        windows=sum(shown),
        shown=sum(count * grid.window.area for count, grid in zip(shown, grids, strict=True)),
        window=window,
        input_size=largest.input_size if largest else None,
        parts=len(parts),
        open=max((grid.rows.window * (grid.columns.length + grid.columns.window) for grid in grids), default=0),
        decoded=rows * size.width if by_rows else size.area,
        scored=max(map(_area_of_part, parts)) if is_large else size.area,
        unsure=sum(shown) if sieve.plain else near if sieve.coarse else 0,
        skipped=window_count(regions) - near,
        glanced=max(chain.from_iterable(cells for _, cells in sifted), default=0),
    )


def _sifted(region: Region, sieve: Sieve) -> tuple[int, list[int]]:
    """How many windows of the grid are not outside; and of each part, how many the first pass over it has, if any."""
    if sieve.inside is None and sieve.coarse is None:
        return region.grid.count, []
    glance = None if sieve.coarse is None else Glance(region, sieve.coarse, sieve.background)
    inside, cells = 0, []
    for rows in parts_of(region.grid):
        near = [window for window in region.grid.windows_of(rows) if not sieve.is_outside(region, window)]
        inside += len(near)
        cells += [] if glance is None else [len(glance.cells(near))]
    return inside, cells


def _area_of_part(part: tuple[Grid, range]) -> int:
    grid, rows = part
    return (grid.at(rows[-1], 0).bottom - grid.at(rows[0], 0).top) * grid.canvas.width


def count_footprints(run: Run, project: Project, mode: Mode, skipping: Skipping | None = None) -> Counter[Footprint]:
    """How many pictures of each footprint the project has, by its annotations; no picture is decoded."""
    read = partial(_footprint, project, mode, skipping)
    return Counter(run.map_light(read, project.keys(), stage="measure", project=project.name, unit="pictures"))


def _footprint(project: Project, mode: Mode, skipping: Skipping | None, key: ItemKey) -> Footprint:
    source = project.annotation(key)
    try:
        regions = mode.regions(source)
    except DataError as error:
        raise DataError(f"{key}: {error}") from None
    return footprint_of(key.name, source.image, regions, sieve_of(skipping, project, key, source))


def usual_footprint(pictures: Mapping[Footprint, int]) -> Footprint:
    """That of the most windows; DataError where there are none."""
    usual = max(pictures, key=lambda each: (each.windows * pictures[each], each.window), default=None)
    if usual is None or not usual.windows:
        raise DataError(
            "no picture has a window that the network is shown, so there is nothing to plan; see kittiseg stats"
        )
    return usual
