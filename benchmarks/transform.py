"""The tutorial's query on 1,600 and on 36 frames through Ray, against a bare loop in two processes.

The bare loop knows nothing of queries: it decodes each frame once, mirrors it, cuts twelve windows out of picture and
vehicle masks, and writes a PNG and a JSON file for each, with nothing but cv2, numpy, zlib and json.
"""

import base64
import json
import multiprocessing
import os
import random
import shutil
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from benchmarks.measure import ROOT, Ratio, best_of, frames, repeated, seconds
from kittiseg import pipeline
from kittiseg.pipeline import Run
from kittiseg.project.store import Project

MANY, FEW = 1600, 36
PROCESSES = 2
ORIGINAL = 0.0126  # s an output, recorded on this kind of machine: one process, which decodes each frame seven times
VEHICLES = {"bus", "car", "train", "truck", "caravan", "trailer"}


def run(folder: Path) -> list[Ratio]:
    """The ratios of the wall times, the better of two rounds each; Ray is started before the clock."""
    ours = Run.at(folder / "workspace")
    source = frames(ours, folder)
    few = repeated(ours, source, count=FEW, name="few")
    many = repeated(ours, source, count=MANY, name="many")
    ours.engine.resources()

    def on_ray(project: Project, save: str = "supervisely") -> float:
        query = query_on(project, folder, save=save)
        return settled(lambda: pipeline.transform(ours, query, overwrite=True))

    def bare(project: Project) -> float:
        shutil.rmtree(folder / "bare", ignore_errors=True)
        return settled(lambda: bare_loop(project, folder / "bare"))

    try:
        on_few, bare_few = best_of(2, lambda: on_ray(few), lambda: bare(few))
        on_many, bare_many = best_of(2, lambda: on_ray(many), lambda: bare(many))
        as_recipes = on_ray(many, "recipe")
    finally:
        ours.close()
    title = f"tutorial's query, Ray / bare {PROCESSES}-process loop"
    recorded = MANY * 12 * ORIGINAL
    return [
        Ratio(f"{title}, {MANY} frames -> {MANY * 12} crops", on_many, bare_many, "s", "at most 1.10"),
        Ratio(f"{title}, {FEW} frames -> {FEW * 12} crops", on_few, bare_few, "s", "at most 4 s more"),
        Ratio(f"the same, {MANY} frames / the original's recorded 12.6 ms", on_many, recorded, "s", "at most 0.33"),
        Ratio("the same as recipes / the original's recorded 12.6 ms", as_recipes, recorded, "s", "at most 0.05"),
    ]


def settled(work: Callable[[], object]) -> float:
    """Its seconds, begun when the disk has nothing left to write: one of these runs writes some GB."""
    os.sync()
    return seconds(work)


def query_on(project: Project, folder: Path, *, save: str = "supervisely") -> Path:
    """The tutorial's query on another project, saved as another kind."""
    query = json.loads((ROOT / "configs/kitti_vehicles/transform.json").read_text())
    query[0]["src"] = [f"{project.name}/*"]
    query[-1] |= {"action": save, "dst": f"{project.name}-{save}"}
    path = folder / f"{project.name}-{save}.json"
    path.write_text(json.dumps(query))
    return path


def bare_loop(project: Project, target: Path) -> None:
    for part in ("img", "ann"):
        (target / part).mkdir(parents=True, exist_ok=True)
    source = Path(project.files.root) / "training"
    names = sorted(path.name for path in (source / "img").iterdir())
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        pool.map(partial(bare_frame, source, target), names, chunksize=max(len(names) // (PROCESSES * 8), 1))


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
