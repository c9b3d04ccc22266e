"""What every benchmark uses: the result of one, the clock, and a project of many frames."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kittiseg import pipeline
from kittiseg.formats.road_scenes import write_road_scenes
from kittiseg.pipeline import Run
from kittiseg.project.store import Project

ROOT = Path(__file__).resolve().parent.parent
REAL_FRAMES = ROOT.parent / "shared" / "data" / "kitti"


@dataclass(frozen=True)
class Ratio:
    """``ours`` against ``theirs``, in ``unit``; ``wanted`` says which ratio is good enough."""

    name: str
    ours: float
    theirs: float
    unit: str
    wanted: str = ""

    @property
    def value(self) -> float:
        return self.ours / self.theirs


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def best_of(rounds: int, *works: Callable[[], float]) -> list[float]:
    """The least of each one's results over so many rounds; all of them in each round, so that they share its luck."""
    results = [[work() for work in works] for _ in range(rounds)]
    return [min(column) for column in zip(*results, strict=True)]


def medians_of(rounds: int, *works: Callable[[], float]) -> list[float]:
    """As :func:`best_of`, but the median: on a machine whose speed goes up and down the least is a matter of luck."""
    results = [[work() for work in works] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*results, strict=True)]


def frames(run: Run, folder: Path) -> Project:
    """Annotated frames of 1242 x 375: real ones where they lie beside the project, else drawn ones."""
    source = REAL_FRAMES
    if not source.is_dir():
        source = folder / "scenes"
        write_road_scenes(source, training=36, testing=2, seed=0)
    imported = pipeline.import_pictures(run, "kitti", source, name="frames", overwrite=True)
    return run.workspace.project(imported[0].project)


def repeated(run: Run, project: Project, *, count: int, name: str) -> Project:
    """``count`` pictures: those of a project again and again, under names of their own."""
    draft = run.workspace.draft(name, overwrite=True)
    draft.add_dataset("training")
    keys = project.keys()
    for number in range(count):
        key = keys[number % len(keys)]
        draft.write(
            "training",
            f"{number:06d}_10{key.suffix}",
            picture=project.picture_bytes(key),
            annotation=project.annotation(key),
        )
    return draft.commit(project.meta, {"command": "benchmark"})
