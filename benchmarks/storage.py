"""Stages in object storage whose every request takes 30 ms, against the same one request after another, and on a disk.

The server is moto's, behind a proxy that keeps each request for 30 ms before it passes it on; its own time, about as
long on a busy CPU, is the same for both. Without Ray.
"""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pyarrow.fs as pafs

from benchmarks.measure import ROOT, Ratio, frames, repeated, seconds
from kittiseg import pipeline
from kittiseg.pipeline import Run
from kittiseg.project import files as files_module

LATENCY_S = 0.03
PICTURES = 24
"""The tutorial's query makes twelve of each."""

MOVED = 200
"""Files of a folder that is copied, to tell what projects would cost that are renamed."""


def run(folder: Path) -> list[Ratio]:
    """Statistics and the tutorial's query, seconds."""
    os.environ |= {"AWS_ACCESS_KEY_ID": "benchmark", "AWS_SECRET_ACCESS_KEY": "none", "AWS_REGION": "us-east-1"}
    here = Run.at(folder / "workspace", engine="local")
    source = repeated(here, frames(here, folder), count=PICTURES, name="few")
    with _server() as endpoint:
        os.environ["AWS_ENDPOINT_URL"] = endpoint
        there = Run.at("s3://bucket/workspace", engine="local")
        copied = there.workspace.draft("few")
        for key in source.keys():
            picture, annotation = source.picture_bytes(key), source.annotation(key)
            copied.write(key.dataset, key.name, picture=picture, annotation=annotation)
        copied.commit(source.meta, {})
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
            title = f"{name} of {PICTURES} frames, object storage with 30 ms a request"
            found.append(Ratio(f"{title}: 16 requests at once / one by one", ahead, alone, "s", "at most 0.25"))
            found.append(Ratio(f"{title} / disk", ahead, disk, "s"))
        found.append(_move(there))
    return found


def _move(run: Run) -> Ratio:
    """What it would take to copy a draft's files to another name, against naming it in one file."""
    files = run.workspace.files.within("moved")
    list(files_module.map_in_threads(lambda number: files.write(f"a/{number}", b"x"), range(MOVED), 16))
    pointing = seconds(lambda: files.replace("current.json", b"{}"))
    return Ratio(f"commit: one file / {MOVED} files copied", pointing, seconds(lambda: files.move("a", "b")), "s")


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


@contextmanager
def _server() -> Iterator[str]:
    """The endpoint of a proxy before a server with an empty bucket."""
    port, listener = _free_port(), socket.create_server(("127.0.0.1", 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(port)
        threading.Thread(target=_serve, args=(listener, port), daemon=True).start()
        s3 = pafs.S3FileSystem(endpoint_override=f"http://127.0.0.1:{port}", allow_bucket_creation=True)
        s3.create_dir("bucket")
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        process.kill()
        process.wait()
        listener.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def _wait_for(port: int) -> None:
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)


def _serve(listener: socket.socket, port: int) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        server = socket.create_connection(("127.0.0.1", port))
        threading.Thread(target=_pass_on, args=(client, server), kwargs={"late": True}, daemon=True).start()
        threading.Thread(target=_pass_on, args=(server, client), kwargs={"late": False}, daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket, *, late: bool) -> None:
    """What begins a request, after a pause; its body, and answers, at once."""
    try:
        while data := source.recv(1 << 16):
            if late and data.split(b" ", 1)[0] in (b"GET", b"PUT", b"HEAD", b"POST", b"DELETE"):
                time.sleep(LATENCY_S)
            target.sendall(data)
    except OSError:
        pass
    finally:
        for each in (source, target):
            each.close()
