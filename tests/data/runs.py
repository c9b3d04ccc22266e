"""A run in a temporary workspace, and the small files that stages read."""

import hashlib
import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

from kittiseg.engine import Engine
from kittiseg.engine.in_process import InProcess
from kittiseg.pipeline import Run
from kittiseg.project.store import Workspace
from tests.data.progress import Recorder

TINY_TRAINING = {
    "input_size": {"width": 32, "height": 32},
    "batch_size": {"train": 2, "val": 2},
    "lr": 0.003,
    "weights_init_type": "random",
    "width": 0.06,
    "precision": "fp32",
    "devices": "cpu",
}
WINDOWS = {
    "mode": {"source": "sliding_window", "window": {"width": 20, "height": 20}, "min_overlap": {"x": 10, "y": 4}},
    "model_classes": {"save_classes": ["car"], "add_suffix": "_dl"},
    "devices": "cpu",
    "precision": "fp32",
}


def run_in(workspace: Workspace, engine: Engine | None = None, *, seed: int = 0) -> Run:
    """On the engine given, or in this process. ``run.progress`` is a Recorder."""
    return Run(workspace, lambda: engine or InProcess(), seed, Recorder())


def told(run: Run) -> Recorder:
    assert isinstance(run.progress, Recorder)
    return run.progress


def json_file(folder: Path, name: str, document: Any) -> Path:
    path = folder / f"{name}.json"
    path.write_text(json.dumps(document))
    return path


def tutorial_query(source: str, output: str) -> list[dict[str, Any]]:
    """The tutorial's own query, on a project ``source`` of the classes ``road`` and ``car``."""
    path = Path(__file__).resolve().parents[2] / "configs" / "kitti_vehicles" / "transform.json"
    query = json.loads(path.read_text())
    query[0] |= {"src": [f"{source}/*"], "settings": {"classes_mapping": {"car": "vehicle", "__other__": "__ignore__"}}}
    query[-1]["dst"] = output
    return query


def digest_of_project(workspace: Workspace, name: str) -> str:
    """Of every picture and annotation as they lie on the disk."""
    root = Path(workspace.project(name).files.root)
    found = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        place = path.relative_to(root)
        if path.is_file() and place.parts[0] not in ("provenance.json", "meta"):  # the journal's blocks go by workers
            found.update(place.as_posix().encode() + path.read_bytes())
    return found.hexdigest()


def leftovers(workspace: Workspace) -> list[str]:
    """Unfinished things in the workspace."""
    root = Path(workspace.files.root)
    return sorted(str(path.relative_to(root)) for path in root.glob("*/.*"))


class Killer(threading.Thread):
    """Kills a process of a Ray worker (``ray::TITLE``) once ``when`` holds; ``killed`` says whether it did."""

    def __init__(self, title: str, when: Any) -> None:
        super().__init__(daemon=True)
        self.killed = False
        self._title, self._when = title, when
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.is_set() and not self.killed:
            for pid in processes(self._title) if self._when() else []:
                os.kill(pid, signal.SIGKILL)
                self.killed = True
                break
            time.sleep(0.01)

    def __enter__(self) -> "Killer":
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self.join()


def processes(title: str, *, under: int | None = None) -> list[int]:
    """Ids of Ray workers (``ray::...``) that have ``title`` in their names: of a process, or else of this one."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    lines = [line.split(maxsplit=2) for line in listed.splitlines()]
    parents = {int(pid): int(parent) for pid, parent, *_ in lines}
    found = [int(pid) for pid, _, *name in lines if name and name[0].startswith("ray::") and title in name[0]]
    return [pid for pid in found if (under or os.getpid()) in _ancestors(pid, parents)]


def _ancestors(pid: int, parents: dict[int, int]) -> list[int]:
    found: list[int] = []
    while pid in parents:
        pid = parents[pid]
        found.append(pid)
    return found
