"""One large picture: peak memory and time of sliding windows, beside MONAI's; and a picture that no memory would hold.

Each measurement is a process of its own, whose peak memory the system tells: ``python -m benchmarks.large WHAT ...``.
"""

import json
import math
import resource
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import tifffile
import torch

from benchmarks.measure import ROOT, Ratio, repeated
from benchmarks.prediction import BATCH, SIDE, monai_predictor
from kittiseg import pipeline
from kittiseg.inference.config import SlidingWindowSettings, WindowOverlap, WindowSize
from kittiseg.inference.modes import make_mode
from kittiseg.inference.network import NetworkForward, fold_batch_norms
from kittiseg.inference.part_files import Joined, PartFiles
from kittiseg.inference.parts import Part
from kittiseg.inference.predictor import Predictor
from kittiseg.inference.stitching import parts_of
from kittiseg.pipeline import Run
from kittiseg.project.annotation import Annotation
from kittiseg.project.files import Files
from kittiseg.project.geometry import Size
from kittiseg.project.pixels import LazyImage, decode_rgb
from kittiseg.training.networks import NETWORKS

AERIAL = ROOT.parent / "shared" / "data" / "aerial" / "image.png"
CLASSES, WIDTH, WINDOW = 6, 0.06, 512
HUGE = 30_000  # px a side

SLIDING = SlidingWindowSettings(
    window=WindowSize(width=WINDOW, height=WINDOW), min_overlap=WindowOverlap(x=WINDOW // 2, y=WINDOW // 2)
)


def run(folder: Path) -> list[Ratio]:
    """Windows of 512 px at half overlap over 6900 x 4500 px, and over 30,000 x 30,000 px."""
    picture = AERIAL if AERIAL.is_file() else drawn(folder / "large.png")
    imports = measured("imports", folder)
    ours, theirs = (measured(what, folder, str(picture)) for what in ("ours", "monai"))
    first, second = (np.load(folder / f"{what}.npy") for what in ("ours", "monai"))
    huge = measured("huge", folder)
    few, more = (measured("many", folder, str(count)) for count in (1_000, 20_000))
    title = f"{first.shape[1]} x {first.shape[0]} px, {CLASSES} classes"
    apart = imports["peak_mb"]
    decoded = 3 * HUGE * HUGE / 1e6
    return [
        Ratio(
            f"{title}: peak memory, ours / MONAI, imports apart",
            ours["peak_mb"] - apart,
            theirs["peak_mb"] - apart,
            "MB",
            "at most 0.33",
        ),
        Ratio(f"{title}: peak memory of the processes", ours["peak_mb"], theirs["peak_mb"], "MB"),
        Ratio(f"{title}: time, decoding and labels in a file", ours["seconds"], theirs["seconds"], "s", "at most 1"),
        Ratio(f"{title}: pixels whose label is MONAI's", float((first == second).mean()), 1.0, ""),
        Ratio(
            f"{HUGE} x {HUGE} px, `predict` from tiled TIFF to GeoTIFF: peak memory / the decoded picture",
            huge["peak_mb"],
            decoded,
            "MB",
        ),
        Ratio(
            f"the same: time of the whole / in forward passes of {int(huge['windows'])} windows",
            huge["seconds"],
            huge["windows"] * huge["seconds_a_window"],
            "s",
        ),
        Ratio(
            "peak memory of the driver, 20,000 pictures / 1,000", more["peak_mb"], few["peak_mb"], "MB", "at most 1.1"
        ),
    ]


def measured(what: str, folder: Path, *words: str) -> dict[str, float]:
    """What a process of its own found out, and its peak memory."""
    command = [sys.executable, "-m", "benchmarks.large", what, str(folder), *words]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


@torch.inference_mode()
def network() -> torch.nn.Module:
    """Not trained, but each class is the likeliest somewhere."""
    torch.manual_seed(0)
    made = NETWORKS["unetv2"](CLASSES, WIDTH).eval()
    made.head.bias -= made(torch.randn(4, 3, SIDE, SIDE)).mean((0, 2, 3))
    return made


def ours(folder: Path, picture: Path) -> dict[str, float]:
    """As a worker does it: part by part into files, then put together. Labels go into ``ours.npy``."""
    begin = time.perf_counter()
    image_hwc = decode_rgb(picture.read_bytes(), name=picture.name)
    size = Size(height=image_hwc.shape[0], width=image_hwc.shape[1])
    (region,) = make_mode(SLIDING).regions(Annotation(size))
    forward = NetworkForward(network(), input_size=Size(height=SIDE, width=SIDE), precision="bf16")
    predictor = Predictor(forward.one_by_one, classes=CLASSES, batch_size=BATCH)
    stored, parts = PartFiles(Files.at(folder / "parts")), parts_of(region.grid)
    for index, rows in enumerate(parts):
        (scored,) = predictor.predict([Part(index, LazyImage.from_array(image_hwc), region, rows)])
        stored.write(index, scored)
        del scored
    labels_hw = np.lib.format.open_memmap(folder / "ours.npy", "w+", np.uint8, (size.height, size.width))
    for band in Joined(region, stored, range(len(parts)), CLASSES).bands():
        labels_hw[band.top : band.top + len(band.labels_hw)] = band.labels_hw
    return {"seconds": time.perf_counter() - begin}


def monai(folder: Path, picture: Path) -> dict[str, float]:
    """The same windows in the same batches. Labels go into ``monai.npy``."""
    begin = time.perf_counter()
    predict = monai_predictor(fold_batch_norms(network()), window=WINDOW, overlap=(0.5, 0.5))
    np.save(folder / "monai.npy", predict(decode_rgb(picture.read_bytes(), name=picture.name)))
    return {"seconds": time.perf_counter() - begin}


def huge(folder: Path) -> dict[str, float]:
    """The stage itself, without Ray, on a generated tiled TIFF; the model is trained for a moment."""
    from tests.data.runs import TINY_TRAINING, json_file
    from tests.data.training import write_squares

    workspace = folder / "workspace"
    run = Run.at(workspace, engine="local")
    write_squares(run.workspace)
    training = json_file(folder, "train", {**TINY_TRAINING, "input_size": {"width": 128, "height": 128}, "epochs": 1})
    pipeline.train(run, pipeline.TrainOptions(training, "squares", "m"))
    source = folder / "scene"
    source.mkdir()
    tile_hwc = np.random.default_rng(0).integers(0, 255, (16, 16, 3), np.uint8).repeat(32, axis=0).repeat(32, axis=1)
    count = math.ceil(HUGE / WINDOW) ** 2
    tifffile.imwrite(
        source / "scene.tif",
        (tile_hwc for _ in range(count)),
        shape=(HUGE, HUGE, 3),
        dtype=np.uint8,
        tile=(WINDOW, WINDOW),
        photometric="rgb",
        compression="zlib",
        bigtiff=True,
    )
    draft = run.workspace.draft("scene")
    draft.add_dataset("ds")
    with (source / "scene.tif").open("rb") as picture:
        draft.write("ds", "scene.tif", picture=picture, annotation=Annotation(Size(height=HUGE, width=HUGE)))
    draft.commit(run.workspace.project("squares").meta, {})
    window = {"width": WINDOW, "height": WINDOW}
    config = json_file(
        folder,
        "infer",
        {
            "mode": {"source": "sliding_window", "window": window, "min_overlap": {"x": 0.5, "y": 0.5}},
            "model_classes": {"save_classes": ["car"]},
            "outputs": [{"as": "geotiff"}],
            "devices": "cpu",
            "batch_size": BATCH,
        },
    )
    made = pipeline.predict(run, pipeline.PredictOptions(config, "m", "scene", "out"))
    return {"seconds": made.seconds, "windows": made.windows, "seconds_a_window": bare_seconds(run)}


def bare_seconds(run: Run) -> float:
    """Of a window in a full batch, as the worker's network computes it."""
    from kittiseg.training.checkpoints import load_network, resolve

    files = run.workspace.model_files("m")
    net, model = load_network(files, resolve(files, "last"))
    forward = NetworkForward(net, input_size=model.settings.input_size.size)
    windows_nhwc = np.zeros((BATCH, WINDOW, WINDOW, 3), np.uint8)
    forward(windows_nhwc)
    begin = time.perf_counter()
    for _ in range(20):
        forward(windows_nhwc)
    return (time.perf_counter() - begin) / 20 / BATCH


def many(folder: Path, count: Path) -> dict[str, float]:
    """The stage on Ray, over so many pictures of 40 x 36 px; the peak memory is that of the process that drives it."""
    from tests.data.runs import json_file

    run = Run.at(folder / "workspace")
    source = run.workspace.project("squares")
    project = repeated(run, source, count=int(str(count)), name=f"many-{count}")
    config = json_file(folder, "many", {"model_classes": {"save_classes": ["car"]}, "devices": "cpu"})
    made = pipeline.predict(run, pipeline.PredictOptions(config, "m", project.name, f"out-{count}"))
    run.close()
    return {"seconds": made.seconds}


def imports(folder: Path) -> dict[str, float]:
    """What Python takes with all that is imported here."""
    return {}


def drawn(path: Path) -> Path:
    """A picture of coloured fields, where the real one is not at hand."""
    fields_hwc = np.random.default_rng(0).integers(0, 255, (45, 69, 3), np.uint8)
    cv2.imwrite(str(path), cv2.resize(fields_hwc, (6900, 4500), interpolation=cv2.INTER_CUBIC))
    return path


if __name__ == "__main__":
    what, place, *words = sys.argv[1:]
    known = {"ours": ours, "monai": monai, "huge": huge, "many": many, "imports": imports}
    found = known[what](Path(place), *map(Path, words))
    print(json.dumps({**found, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
