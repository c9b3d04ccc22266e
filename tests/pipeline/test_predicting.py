import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kittiseg.errors import ConfigError, DataError, ModelError, WorkspaceError
from kittiseg.inference.scored import NOTHING
from kittiseg.pipeline import PredictOptions, TrainOptions, predict, train
from kittiseg.project.pixels import decode_labels
from kittiseg.project.store import Workspace
from tests.data.runs import TINY_TRAINING, WINDOWS, digest_of_project, json_file, leftovers, run_in, told
from tests.data.training import write_squares


@pytest.fixture
def model(workspace: Workspace, tmp_path: Path) -> str:
    """A trained model ``m`` beside the project ``squares`` of eight pictures of 40 x 36 px."""
    write_squares(workspace)
    config = json_file(tmp_path, "train", {**TINY_TRAINING, "epochs": 1})
    train(run_in(workspace), TrainOptions(config, "squares", "m"))
    return "m"


def options(
    folder: Path, name: str, model: str = "m", *, devices: str | None = None, **fields: object
) -> PredictOptions:
    return PredictOptions(json_file(folder, name, {**WINDOWS, **fields}), model, "squares", name, devices)


def test_every_picture_gets_its_windows_and_its_bitmap(workspace: Workspace, model: str, tmp_path: Path):
    """40 x 36 px with windows of 20 x 20 overlapping 10 and 4: 3 x 2 windows; the picture files as they were."""
    made = predict(run_in(workspace), options(tmp_path, "out"))

    source, out = workspace.project("squares"), workspace.project("out")
    assert (made.images, made.windows) == (8, 8 * 6)
    assert [entry.name for entry in out.meta.classes] == ["car_dl"]
    assert [key.name for key in out.keys()] == [key.name for key in source.keys()]
    for before, after in zip(source.keys(), out.keys(), strict=True):
        assert source.picture_bytes(before) == out.picture_bytes(after)
        assert {figure.class_name for figure in out.annotation(after).figures} <= {"car_dl"}
    assert (out.provenance["checkpoint"], out.provenance["temperature"]) == (2, 1.0)


def test_windows_of_another_scale_than_the_training_s_are_warned_of(workspace: Workspace, model: str, tmp_path: Path):
    """By the model's run.json: whole pictures are what it was trained on, windows half as large are not."""
    predict(windows := run_in(workspace), options(tmp_path, "windows"))
    predict(whole := run_in(workspace), options(tmp_path, "whole", mode={"source": "full_image"}))

    (warning,) = told(windows).warnings
    assert "windows of 20 x 20 px are shown to it at 0.62 x 0.62: objects look 2.00 x 1.80 times as large" in warning
    assert told(whole).warnings == []


def test_a_checkpoint_can_be_chosen(workspace: Workspace, model: str, tmp_path: Path):
    """M@1 is not M@2, which is M@last."""
    for name, wanted in (("first", "m@1"), ("second", "m@2"), ("last", "m@last")):
        predict(run_in(workspace), options(tmp_path, name, wanted))

    chosen = [workspace.project(name).provenance["checkpoint"] for name in ("first", "second", "last")]
    assert chosen == [1, 2, 2]


def test_a_damaged_picture_is_named_and_the_others_are_done(workspace: Workspace, model: str, tmp_path: Path):
    """In the error and in a list; when it is mended, the same command does it alone and takes the list away."""
    picture = Path(workspace.project("squares").files.root) / "ds" / "img" / "003.png"
    whole = picture.read_bytes()
    picture.write_bytes(b"broken")
    wanted = options(tmp_path, "out")

    with pytest.raises(DataError, match=r"1 of 8 pictures .*the others are in 'out'.*failed\.txt(.|\n)*003\.png: not"):
        predict(run_in(workspace), wanted)

    out = workspace.project("out")
    assert [key.name for key in out.keys()] == [f"{number:03d}.png" for number in (0, 1, 2, 4, 5, 6, 7)]
    assert out.files.read("failed.txt").decode().count("003.png") == 1

    picture.write_bytes(whole)
    made = predict(run_in(workspace), wanted)

    predict(run_in(workspace), replace(wanted, name="alone"))
    assert (made.images, made.windows) == (8, 6)
    assert digest_of_project(workspace, "out") == digest_of_project(workspace, "alone")
    assert made.digest == workspace.project("alone").digest
    assert leftovers(workspace) == []
    with pytest.raises(WorkspaceError, match="project 'out' exists"):
        predict(run_in(workspace), wanted)


def test_where_no_picture_can_be_predicted_there_is_no_project(workspace: Workspace, model: str, tmp_path: Path):
    """All of them are named; nothing is left behind."""
    for picture in (Path(workspace.project("squares").files.root) / "ds" / "img").iterdir():
        picture.write_bytes(b"broken")

    with pytest.raises(DataError, match=r"not one picture could be predicted(.|\n)*000\.png(.|\n)*007\.png"):
        predict(run_in(workspace), options(tmp_path, "out"))

    assert workspace.projects() == ["squares"]


@pytest.mark.parametrize(
    "mode",
    [
        {"source": "roi", "bounds": {"left": "25%"}, "save": True},
        {"source": "bboxes", "padding": {"left": "3px"}, "save": True},
        {"source": "whole", "window": {"width": 40, "height": 36}},
        {**WINDOWS["mode"], "placement": "even", "blend": "gaussian"},
    ],
)
def test_every_mode_goes_from_files_to_files(workspace: Workspace, model: str, tmp_path: Path, mode: dict[str, object]):
    """Masks of every picture's size beside annotations that can be read."""
    predict(run_in(workspace), options(tmp_path, "out", mode=mode, outputs=[{"as": "masks"}]))

    out = workspace.project("out")
    for key in out.keys():
        mask = decode_labels(out.files.read(f"ds/masks/{key.stem}.png"), name=key.name)
        assert mask.shape == (36, 40)
        drawn_hw = np.zeros((36, 40), np.uint8)
        for figure in out.annotation(key).figures:
            if figure.class_name == "car_dl":
                figure.shape.draw(drawn_hw, 1)
        np.testing.assert_array_equal(drawn_hw == 1, mask == 1)


def test_windows_outside_of_polygons_are_skipped(workspace: Workspace, model: str, tmp_path: Path):
    """Of 3 x 2 windows one touches the polygon, and has labels. Other polygons in the file are another prediction."""
    areas = tmp_path / "areas.geojson"
    areas.write_text(json.dumps({"type": "Polygon", "coordinates": [[[1, 1], [4, 1], [4, 4], [1, 1]]]}))
    mode = {**WINDOWS["mode"], "skip": {"inside": {"geojson": str(areas)}}}
    wanted = options(tmp_path, "out", mode=mode, outputs=[{"as": "masks"}])

    made = predict(run_in(workspace), wanted)

    assert (made.windows, made.skipped) == (8, 8 * 5)
    assert made.to_json()["skipped"] == 40
    out = workspace.project("out")
    for key in out.keys():
        mask_hw = decode_labels(out.files.read(f"ds/masks/{key.stem}.png"), name=key.name)
        assert (mask_hw[:20, :20] != NOTHING).all()
        assert (mask_hw != NOTHING).sum() == 400

    areas.write_text(areas.read_text().replace("4", "39"))
    predict(run_in(workspace), replace(wanted, name="other"))
    assert workspace.project("other").provenance["key"] != out.provenance["key"]


def test_a_first_pass_answers_for_windows(workspace: Workspace, model: str, tmp_path: Path):
    """Where nothing reaches probability 1 it answers for all: one larger window for each picture, labels everywhere."""
    mode = {**WINDOWS["mode"], "skip": {"coarse": {"below": 1}}}

    made = predict(run_in(workspace), options(tmp_path, "out", mode=mode, outputs=[{"as": "masks"}]))

    assert (made.windows, made.skipped) == (8, 8 * 6)
    out = workspace.project("out")
    for key in out.keys():
        mask_hw = decode_labels(out.files.read(f"ds/masks/{key.stem}.png"), name=key.name)
        assert set(np.unique(mask_hw)) <= {0, 1}


def test_wrong_names_are_found_before_the_first_picture(workspace: Workspace, model: str, tmp_path: Path):
    """A class that the model lacks, and a checkpoint that is not there."""
    with pytest.raises(ConfigError, match=r"/model_classes/save_classes/0: 'cra' .*did you mean 'car'"):
        predict(run_in(workspace), options(tmp_path, "out", model_classes={"save_classes": ["cra"]}))
    mode = {**WINDOWS["mode"], "skip": {"inside": {"geojson": "lost.geojson"}}}
    with pytest.raises(ConfigError, match=r"/mode/skip/inside/geojson: no file 'lost\.geojson'"):
        predict(run_in(workspace), options(tmp_path, "out", mode=mode))
    with pytest.raises(ModelError, match="no checkpoint '99'"):
        predict(run_in(workspace), options(tmp_path, "out", "m@99"))
