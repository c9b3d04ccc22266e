"""The tutorial's query on 400 frames through Ray, against a bare loop in two processes.

The bare loop knows nothing of queries: it decodes each frame once, mirrors it, cuts twelve windows out of picture and
vehicle masks, and writes a PNG and a JSON file for each, with nothing but cv2, numpy, zlib and json.
"""

import base64
import json
import multiprocessing
import random
import zlib
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from benchmarks.measure import ROOT, Ratio, frames, repeated, seconds
from kittiseg import pipeline
from kittiseg.pipeline import Run
from kittiseg.project.store import Project

FRAMES = 400
PROCESSES = 2
VEHICLES = {"bus", "car", "train", "truck", "caravan", "trailer"}


def run(folder: Path) -> list[Ratio]:
    """The ratio of the wall times; Ray is started before the clock."""
    ours = Run.at(folder / "workspace")
    project = repeated(ours, frames(ours, folder), count=FRAMES, name="bench")
    query = json.loads((ROOT / "configs/kitti_vehicles/transform.json").read_text())
    query[0]["src"] = ["bench/*"]
    path = folder / "query.json"
    path.write_text(json.dumps(query))
    ours.engine.resources()
    try:
        on_ray = seconds(lambda: pipeline.transform(ours, path, overwrite=True))
        bare = seconds(lambda: bare_loop(project, folder / "bare"))
        again = seconds(lambda: pipeline.transform(ours, path, overwrite=True))
    finally:
        ours.close()
    title = f"tutorial's query, {FRAMES} frames -> {FRAMES * 12} crops, Ray / bare {PROCESSES}-process loop"
    return [
        Ratio(f"{title}, first run of a session", on_ray, bare, "s", "at most 1.25"),
        Ratio(f"{title}, second run", again, bare, "s"),
    ]


def bare_loop(project: Project, target: Path) -> None:
    for part in ("img", "ann"):
        (target / part).mkdir(parents=True, exist_ok=True)
    source = Path(project.files.root) / "training"
    names = sorted(path.name for path in (source / "img").iterdir())
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        pool.map(partial(bare_frame, source, target), names, chunksize=len(names) // (PROCESSES * 8))


def bare_frame(source: Path, target: Path, name: str) -> None:
    """One frame -> twelve crops."""
    rng = random.Random(name)
    image = cv2.imread(str(source / "img" / name))
    height, width = image.shape[:2]
    objects = json.loads((source / "ann" / f"{name}.json").read_text())["objects"]
    masks = [decode_mask(entry["bitmap"]) for entry in objects if entry["classTitle"] in VEHICLES]
    for mirrored in (False, True):
        picture = cv2.flip(image, 1) if mirrored else image
        placed = [(width - left - mask.shape[1], top, mask[:, ::-1]) if mirrored else (left, top, mask)
                  for left, top, mask in masks]  # fmt: skip
        for number in range(6):
            w, h = int(width * rng.uniform(0.27, 0.30)), int(height * rng.uniform(0.9, 1.0))
            x, y = rng.randint(0, width - w), rng.randint(0, height - h)
            stem = f"{name[:-4]}_{'flipv_' if mirrored else ''}m{number}.png"
            cv2.imwrite(str(target / "img" / stem), picture[y : y + h, x : x + w])
            figures = [figure for place in placed if (figure := cut(place, x, y, w, h))]
            size = {"height": h, "width": w}
            annotation = {"description": "", "tags": [{"name": "train"}], "size": size, "objects": figures}
            (target / "ann" / f"{stem}.json").write_text(json.dumps(annotation))


def decode_mask(bitmap: dict) -> tuple[int, int, np.ndarray]:
    png = np.frombuffer(zlib.decompress(base64.b64decode(bitmap["data"])), np.uint8)
    return (*bitmap["origin"], cv2.imdecode(png, cv2.IMREAD_UNCHANGED)[:, :, 3] != 0)


def cut(place: tuple[int, int, np.ndarray], x: int, y: int, w: int, h: int) -> dict | None:
    left, top, mask = place
    part = mask[max(y - top, 0) : max(y + h - top, 0), max(x - left, 0) : max(x + w - left, 0)]
    if not part.any():
        return None
    bx, by, bw, bh = cv2.boundingRect(part.view(np.uint8))
    _, png = cv2.imencode(".png", part[by : by + bh, bx : bx + bw].astype(np.uint8) * 255)
    data = base64.b64encode(zlib.compress(png.tobytes())).decode()
    origin = [max(left - x, 0) + bx, max(top - y, 0) + by]
    return {"classTitle": "vehicle", "tags": [], "bitmap": {"origin": origin, "data": data}}
