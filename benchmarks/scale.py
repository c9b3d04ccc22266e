"""Whether a transform stays in its bounds: memory of the workers, work of the driver, more nodes.

The sources are frames scaled to 620 x 187 px, a few dozen of them under many names (hard links, so that they cost no
room): real frames where they lie beside the project, else drawn ones.
"""

import json
import os
import threading
import time
from pathlib import Path

from benchmarks.measure import ROOT, Ratio, frames, seconds
from kittiseg import pipeline
from kittiseg.pipeline import Run
from kittiseg.project.store import Project

WIDTH = 620  # px
FRAMES = 1000
"""Of the smaller run of each pair."""


def run(folder: Path) -> list[Ratio]:
    """Each ratio is of a large run and a small one."""
    ours = Run.at(folder / "workspace")
    source = halved(ours, frames(ours, folder), folder)
    try:
        ratios = [*memory(ours, source, folder), driver(ours, source, folder)]
    finally:
        ours.close()
    return [*ratios, nodes(ours, source, folder)]


def memory(ours: Run, source: Project, folder: Path) -> list[Ratio]:
    """The greatest peak of a worker's memory after a run of 1,000 pictures, and after one of 20,000."""
    peaks = []
    for count in (FRAMES, 20_000):
        query = small_query(linked(ours, source, count), folder)
        watch = _Watch()
        watch.start()
        made = pipeline.transform(ours, query, overwrite=True)
        peaks.append(watch.stop() / 1024)
        assert made.images == 2 * count
    return [Ratio("peak memory of a worker, 20,000 pictures / 1,000", peaks[1], peaks[0], "MB", "at most 1.25")]


def driver(ours: Run, source: Project, folder: Path) -> Ratio:
    """CPU seconds of this process for 1,000 pictures, as recipes."""
    costs = []
    for count in (FRAMES, 100_000):
        query = small_query(linked(ours, source, count), folder, save="recipe")
        begin = time.process_time()
        pipeline.transform(ours, query, overwrite=True)
        costs.append(1000 * (time.process_time() - begin) / count)
    return Ratio("driver's CPU for 1,000 pictures, of 100,000 / of 1,000", costs[1], costs[0], "s", "at most 1")


def nodes(ours: Run, source: Project, folder: Path) -> Ratio:
    """Pictures a second on two simulated nodes of one CPU each, and on one."""
    from ray.cluster_utils import Cluster

    query = small_query(linked(ours, source, 4 * FRAMES), folder)
    speeds = []
    for count in (2, 1):
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        for _ in range(count - 1):
            cluster.add_node(num_cpus=1)
        there = Run.at(folder / "workspace", address=cluster.address)
        pipeline.transform(there, query, overwrite=True)  # the workers have started now
        speeds.append(4 * FRAMES / seconds(lambda there=there: pipeline.transform(there, query, overwrite=True)))
        there.close()
        cluster.shutdown()
    return Ratio("pictures a second, two simulated nodes of one CPU / one", speeds[0], speeds[1], "1/s", "at least 1.5")


def halved(run: Run, source: Project, folder: Path) -> Project:
    settings = {"width": WIDTH, "height": -1, "aspect_ratio": {"keep": True}}
    query = [
        {"action": "data", "src": [f"{source.name}/*"], "dst": "$in", "settings": {"classes_mapping": "default"}},
        {"action": "resize", "src": ["$in"], "dst": "$small", "settings": settings},
        {"action": "supervisely", "src": ["$small"], "dst": "small", "settings": {}},
    ]
    path = folder / "halved.json"
    path.write_text(json.dumps(query))
    return run.workspace.project(pipeline.transform(run, path, overwrite=True).project)


def linked(run: Run, source: Project, count: int) -> Project:
    """``count`` pictures: those of a project again and again, as hard links."""
    draft = run.workspace.draft(f"linked-{count}", overwrite=True)
    draft.add_dataset("training")
    keys = source.keys()
    old, new = Path(source.files.root), Path(draft.files.root) / "training"
    for number in range(count):
        key = keys[number % len(keys)]
        name = f"{number:06d}_10{key.suffix}"
        os.link(old / key.dataset / "img" / key.name, new / "img" / name)
        os.link(old / key.dataset / "ann" / f"{key.name}.json", new / "ann" / f"{name}.json")
    return draft.commit(source.meta, {"command": "benchmark"})


def small_query(project: Project, folder: Path, *, save: str = "supervisely") -> Path:
    """The tutorial's query, with one crop of each picture and one of its mirror image."""
    query = json.loads((ROOT / "configs/kitti_vehicles/transform.json").read_text())
    query[0]["src"] = [f"{project.name}/*"]
    next(layer for layer in query if layer["action"] == "multiply")["settings"] = {"multiply": 1}
    query[-1] |= {"action": save, "dst": f"{project.name}-{save}"}
    path = folder / f"{project.name}-{save}.json"
    path.write_text(json.dumps(query))
    return path


class _Watch:
    """The greatest peak of resident memory, in KiB, over the Ray workers of this machine that run a transform."""

    def __init__(self) -> None:
        self._peak = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> int:
        self._ended.set()
        self._thread.join()
        return self._peak

    def _look(self) -> None:
        while not self._ended.wait(0.2):
            for process in Path("/proc").glob("[0-9]*"):
                self._peak = max(self._peak, _peak_of(process))


def _peak_of(process: Path) -> int:
    """KiB, or 0 where it is no worker of Ray or has ended."""
    try:
        title = (process / "cmdline").read_bytes()
        if b"ray::" not in title or b"MapBatches" not in title:
            return 0
        lines = (process / "status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)
