from pathlib import Path

import numpy as np
import pytest

from kittiseg.config import read_json
from kittiseg.formats.kitti import CLASSES
from kittiseg.pipeline import PredictOptions, TrainOptions, evaluate, import_pictures, predict, train, transform
from kittiseg.project.store import Workspace
from tests.data.kitti_folders import write
from tests.data.runs import TINY_TRAINING, json_file, run_in

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
TITLES = [entry.name for entry in CLASSES]
NINETEEN = list(read_json(CONFIGS / "kitti_19" / "transform.json")[0]["settings"]["classes_mapping"])[:-1]


def write_kitti(folder: Path) -> None:
    """Six frames of 136 x 40 px, each with a stripe of every class; four px wide, that of id 0 being no object."""
    rng = np.random.default_rng(0)
    for split in ("training", "testing"):
        for number in range(6 if split == "training" else 1):
            ids_hw = np.tile(np.repeat(rng.permutation(len(CLASSES)), 4).astype(np.uint16), (40, 1))
            name = f"{number:06d}_10.png"
            write(folder / split, f"image_2/{name}", np.repeat(ids_hw[..., None] * 7, 3, axis=2).astype(np.uint8))
            if split == "training":
                write(folder / split, f"instance/{name}", ids_hw * 256)


@pytest.mark.parametrize(
    ("config", "background", "objects"),
    [("kitti_19", "bg", NINETEEN), ("kitti_34", "unlabeled", TITLES[1:])],
)
def test_all_classes_go_from_kitti_to_a_prediction(
    workspace: Workspace, tmp_path: Path, config: str, background: str, objects: list[str]
):
    """Those of the 19 and of the 34 are what is learned, predicted and compared; neutral is no output."""
    write_kitti(tmp_path / "kitti")
    settings = read_json(CONFIGS / config / "train.json")
    own = {"epochs": 1, "val_every": 1, "batch_size": {"train": 16, "val": 16}, "gpu_devices": [0]}
    trained = json_file(tmp_path, "train", settings | TINY_TRAINING | own)
    infer = json_file(
        tmp_path, "infer", {"mode": {"source": "full_image"}, "model_classes": {"add_suffix": ""}, "devices": "cpu"}
    )
    run = run_in(workspace)

    import_pictures(run, "kitti", tmp_path / "kitti", name="kitti-semseg")
    made = transform(run, CONFIGS / config / "transform.json")
    listing = train(run, TrainOptions(trained, made.project, "m"))
    predict(run, PredictOptions(infer, "m", "kitti-semseg-train", "out"))
    scores = evaluate(run, "out", "kitti-semseg-train").to_json()["classes"]

    assert listing["classes"] == [background, *sorted(objects)]
    assert [entry.name for entry in workspace.project("out").meta.classes] == listing["classes"]
    assert sorted({*scores} - {background}) == sorted(objects)


def test_no_pixel_of_the_19_is_without_a_class(workspace: Workspace, tmp_path: Path):
    """What is none of the 19 is neutral, also where KITTI has no object, and nothing is background."""
    write_kitti(tmp_path / "kitti")
    run = run_in(workspace)
    import_pictures(run, "kitti", tmp_path / "kitti", name="kitti-semseg")
    transform(run, CONFIGS / "kitti_19" / "transform.json")

    project = workspace.project("kitti-19-tr")
    index = {name: place for place, name in enumerate(["neutral", *NINETEEN], 1)}
    found = np.unique(np.concatenate([project.annotation(k).to_label_map(index).ravel() for k in project.keys()]))
    assert found.tolist() == list(range(1, 21))
