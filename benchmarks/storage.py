"""Stages in object storage whose every request takes 30 ms, against the same one request after another, and on a disk.

The store is a dictionary in memory that keeps each request for 30 ms, so that no server shares the CPU. Without Ray.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import fsspec
import pyarrow.fs as pafs

from benchmarks.measure import ROOT, Ratio, frames, repeated, seconds
from kittiseg import pipeline
from kittiseg.engine.in_process import InProcess
from kittiseg.pipeline import Run
from kittiseg.project import files as files_module
from kittiseg.project.ahead import map_in_threads
from kittiseg.project.files import Files
from kittiseg.project.store import Workspace

LATENCY_S = 0.03
PICTURES = 24
"""The tutorial's query makes twelve of each."""

MOVED = 640
"""Files of a folder that is copied: what it would cost to rename a project."""


class Slow(pafs.FSSpecHandler):
    """Each request takes its time: a file is asked for and then read, or written in one."""

    def get_file_info(self, paths: list[str]) -> Any:
        time.sleep(LATENCY_S * len(paths))
        return super().get_file_info(paths)

    def get_file_info_selector(self, selector: pafs.FileSelector) -> Any:
        time.sleep(LATENCY_S)
        return super().get_file_info_selector(selector)

    def open_input_file(self, path: str) -> Any:
        time.sleep(2 * LATENCY_S)
        return super().open_input_file(path)

    def open_output_stream(self, path: str, metadata: Any) -> Any:
        time.sleep(LATENCY_S)
        return super().open_output_stream(path, metadata)

    def copy_file(self, source: str, target: str) -> None:
        time.sleep(LATENCY_S)
        super().copy_file(source, target)


def run(folder: Path) -> list[Ratio]:
    """Statistics and the tutorial's query, seconds."""
    memory = fsspec.get_filesystem_class("memory")(skip_instance_cache=True)
    there = Run(Workspace(Files(pafs.PyFileSystem(Slow(memory)), "/workspace")), InProcess)
    here = Run.at(folder / "workspace", engine="local")
    source = repeated(here, frames(here, folder), count=PICTURES, name="few")
    repeated(there, source, count=PICTURES, name="few")
    query = _query(folder)
    stages: dict[str, Callable[[Run], object]] = {
        "stats": lambda run: pipeline.statistics(run, "few"),
        "transform": lambda run: pipeline.transform(run, query, overwrite=True),
    }
    found = []
    for name, stage in stages.items():
        ahead, disk = seconds(partial(stage, there)), seconds(partial(stage, here))
        with _one_by_one():
            alone = seconds(partial(stage, there))
        title = f"{name} of {PICTURES} frames, 30 ms a request"
        found.append(Ratio(f"{title}: 16 requests at once / one by one", ahead, alone, "s", "at most 0.5"))
        found.append(Ratio(f"{title} / disk", ahead, disk, "s"))
    return [*found, _commit(there)]


def _commit(run: Run) -> Ratio:
    """Naming a draft in one file, against copying its files to another name."""
    files = run.workspace.files.within("moved")
    list(map_in_threads(lambda number: files.write(f"a/{number}", b"x"), range(MOVED), 16))
    naming = seconds(lambda: files.replace("current.json", b"{}"))
    copying = seconds(lambda: files.move("a", "b"))
    return Ratio(f"a project of {MOVED} files appears: named in one / copied, 16 at once", naming, copying, "s")


def _query(folder: Path) -> Path:
    query = json.loads((ROOT / "configs/kitti_vehicles/transform.json").read_text())
    query[0]["src"] = ["few/*"]
    path = folder / "storage.json"
    path.write_text(json.dumps(query))
    return path


@contextmanager
def _one_by_one() -> Iterator[None]:
    before, files_module._THREADS = files_module._THREADS, 1
    try:
        yield
    finally:
        files_module._THREADS = before
