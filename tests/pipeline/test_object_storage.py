"""Every stage in object storage, on a server of its own: what it makes is what it makes in a folder."""

import hashlib
import json
import shutil
import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kittiseg import pipeline
from kittiseg.engine import Engine
from kittiseg.errors import DataError
from kittiseg.pipeline import PredictOptions, TrainOptions, WindowsOptions, import_pictures, predict, train, transform
from kittiseg.pipeline.run import Run
from kittiseg.project.geometry import Size
from kittiseg.project.store import Workspace
from tests.data.commands import start_command, stop_when
from tests.data.drafts import META, add_picture, places
from tests.data.kills import last_weights
from tests.data.large_pictures import tiff
from tests.data.programs import RANDOM_CROP, query
from tests.data.projects import annotation_of, picture, small_project
from tests.data.query_sources import SQUARES, cropped
from tests.data.runs import TINY_TRAINING, WINDOWS, json_file, run_in, told, tutorial_query
from tests.data.s3 import keys, leftovers_in_store
from tests.data.searching import OneByOne
from tests.data.spaces import LR
from tests.data.training import write_squares

LARGE = Size(height=2400, width=40)
"""Of a picture that is predicted in seven parts."""

OUTPUTS = [{"as": "masks"}, {"as": "geotiff"}]
SPACE = {LR: {"choice": [0.003]}, "transform:/1/settings/random_part/width/min_percent": {"choice": [20, 80]}}


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two projects to import: ``squares``; and ``streets``, the same with a large tiled TIFF file."""
    folder = tmp_path_factory.mktemp("foreign")
    workspace = Workspace.at(folder)
    write_squares(workspace)
    streets = folder / "projects" / "streets"
    shutil.copytree(folder / "projects" / "squares", streets)
    (streets / "ds" / "img" / "004_large.tif").write_bytes(tiff(picture(LARGE), tile=(64, 64), photometric="rgb"))
    (streets / "ds" / "ann" / "004_large.tif.json").write_text(json.dumps(annotation_of({}, size=LARGE).to_json()))
    return folder / "projects"


def contents(workspace: Workspace, name: str) -> dict[str, str]:
    """Digests of a project's files, wherever they lie; without what tells times and versions."""
    files = workspace.project(name).files
    shown = [key for key in keys(files) if key.split("/")[0] not in ("provenance.json", "meta")]
    return {key: hashlib.sha256(files.read(key)).hexdigest() for key in shown}


def sweep(run: Run, folder: Path) -> dict[str, Any]:
    """Of a rate and of the crops that are trained on: the trials, and the last weights of the best one."""
    parts = query(SQUARES, ("crop", "$in", "$c", RANDOM_CROP), save="$c")
    for name, document in (("crops", parts), ("trial", {**TINY_TRAINING, "epochs": 1, "val_every": 0.5})):
        json_file(folder, name, document)
    config = {"train": "trial.json", "transform": "crops.json", "space": SPACE, "searcher": {"name": "grid"}}
    swept = pipeline.tune(run, pipeline.TuneOptions(json_file(folder, "sweep", {**config, "at_once": 2}), "s"))
    trials = [{**trial.to_json(), "seconds": 0} for trial in swept.trials()]
    weights = last_weights(swept.models.model_files(swept.files.read_json("best.json")["trial"]))
    return {
        "trials": trials,
        "weights": hashlib.sha256(weights).hexdigest(),
        "best": swept.files.read_json("best.json"),
    }


def every_stage(workspace: Workspace, foreign: Path, folder: Path, engine: Engine | None = None) -> dict[str, Any]:
    """The tutorial, small: what each stage made."""
    folder.mkdir(exist_ok=True)
    run = run_in(workspace, engine, seed=3)
    for name in ("squares", "streets"):
        import_pictures(run, "supervisely", foreign / name, name=name)
    document = cropped()
    made = {"folder": transform(run, json_file(folder, "query", document)).to_json()}
    for action in ("parquet", "recipe"):
        document[-1] |= {"action": action, "dst": action}
        made[action] = transform(run, json_file(folder, action, document)).to_json()
    crops = made["folder"]["project"]
    training = {**TINY_TRAINING, "epochs": 1, "val_every": 0.5, "trackers": ["tensorboard"]}
    config = json_file(folder, "train", training)
    train(run, TrainOptions(config, "recipe", "m"))
    longer = json_file(folder, "longer", {**training, "epochs": 2})
    train(run, TrainOptions(longer, "recipe", "m", resume=True))
    pipeline.restore_checkpoint(run, "m", "1", name="first")
    calibrated = pipeline.calibrate(run, pipeline.CalibrateOptions("m@last", devices="cpu"))
    infer = json_file(folder, "infer", {**WINDOWS, "outputs": OUTPUTS})
    predicted = predict(run, PredictOptions(infer, "m@2", "streets", "found"))
    model, crop = workspace.model_files("m"), workspace.project(crops).keys()[0]
    gif = pipeline.show_windows(run, WindowsOptions("streets", "000.png", infer, folder / "windows.gif", "first"))
    evaluated = pipeline.evaluate(run, "found", "streets", class_map="car_dl=car")
    swept = sweep(run_in(workspace, engine or OneByOne(), seed=3), folder)
    page = pipeline.report(run, ["recipe", "m", "found"])
    assert workspace.files.read(f"reports/{page.rpartition('/')[2]}").startswith(b"<!")
    assert model.files("tensorboard")
    return {
        "listed": {**pipeline.list_workspace(run), "workspace": ""},
        "statistics": [pipeline.statistics(run, name).to_json() for name in ("streets", "parquet", "recipe")],
        "made": made,
        "lineage": pipeline.redo(run, crops, f"{crop.dataset}/{crop.name}").to_json(),
        "contents": {name: contents(workspace, name) for name in workspace.projects()},
        "weights": [hashlib.sha256(model.read(f"checkpoints/{n:08d}/model.safetensors")).hexdigest() for n in (1, 4)],
        "first": workspace.model_files("first").folders("checkpoints"),
        "calibrated": calibrated.to_json(),
        "predicted": {**predicted.to_json(), "seconds": 0},
        "windows": gif.windows,
        "evaluated": evaluated.to_json(),
        "swept": swept,
        "left": leftovers_in_store(workspace) if workspace.files.is_store else [],
    }


@pytest.fixture(scope="module")
def in_a_folder(foreign: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("here")
    return every_stage(Workspace.at(folder / "workspace"), foreign, folder)


@pytest.mark.parametrize("engine", ["local", pytest.param("ray", marks=pytest.mark.drill)])
def test_every_stage_makes_what_it_makes_in_a_folder(
    s3_workspace: Workspace,
    in_a_folder: dict[str, Any],
    foreign: Path,
    tmp_path: Path,
    engine: str,
    request: pytest.FixtureRequest,
):
    """Pictures, annotations, shards, recipes, weights, masks, GeoTIFF files: byte for byte; nothing is left over."""
    found = every_stage(
        s3_workspace, foreign, tmp_path, request.getfixturevalue("ray_engine") if engine == "ray" else None
    )

    assert found == in_a_folder


@pytest.mark.drill
def test_a_killed_transform_leaves_no_project_and_goes_on(s3_workspace: Workspace, tmp_path: Path):
    """SIGKILL to all of it, then the same command."""
    small_project(s3_workspace, "small", count=10)
    query = json_file(tmp_path, "query", tutorial_query("small", "crops"))
    undisturbed = transform(run_in(s3_workspace), query)
    shown = contents(s3_workspace, "crops")
    s3_workspace.files.remove("projects/crops")

    def blocks() -> int:
        files = s3_workspace.files.within("projects/crops")
        return sum(len(files.files(f"{draft}/meta/lineage")) for draft in files.hidden())

    process = start_command(s3_workspace, "transform", str(query))
    code, _ = stop_when(process, signal.SIGKILL, lambda: blocks() >= 2)

    assert code == -signal.SIGKILL
    assert s3_workspace.projects() == ["small"]
    done = blocks()
    assert 2 <= done < 10

    made = transform(run := run_in(s3_workspace), query)

    assert told(run).notices == [f"going on: {done} of 10 pictures are done"]
    assert made == undisturbed
    assert contents(s3_workspace, "crops") == shown
    assert leftovers_in_store(s3_workspace) == []


def test_a_prediction_goes_on_in_a_workspace_that_was_copied_there(
    s3_workspace: Workspace, trained: Path, tmp_path: Path
):
    """With the one picture that could not be predicted, once it is mended; in the end nothing shows."""
    files = s3_workspace.files
    for path in trained.rglob("*"):
        if path.is_file():
            files.write(str(path.relative_to(trained)), path.read_bytes())
    options = PredictOptions(json_file(tmp_path, "infer", WINDOWS), "m", "squares", "found")
    predict(run_in(s3_workspace), undisturbed := replace(options, name="undisturbed"))
    whole = files.read("projects/squares/ds/img/003.png")
    files.write("projects/squares/ds/img/003.png", b"broken")
    with pytest.raises(DataError, match=r"1 of 8 pictures could not be predicted(.|\n)*003\.png") as raised:
        predict(run_in(s3_workspace), options)
    incomplete = s3_workspace.project("found")
    assert len(incomplete.keys()) == 7
    assert f"listed in {incomplete.files.address('failed.txt')};" in str(raised.value)
    files.write("projects/squares/ds/img/003.png", whole)

    made = predict(run_in(s3_workspace), options)

    assert made.images == 8
    assert made.windows == 6
    assert contents(s3_workspace, "found") == contents(s3_workspace, undisturbed.name)
    assert leftovers_in_store(s3_workspace) == []


def test_a_reader_sees_the_old_project_or_the_new_one(s3_workspace: Workspace):
    """However often it is replaced while somebody looks; never none, never a mixture."""
    names = ([f"old{number}.png" for number in range(5)], [f"new{number}.png" for number in range(7)])

    def write(which: int) -> None:
        draft = s3_workspace.draft("p", overwrite=True)
        for name in names[which]:
            add_picture(draft, name)
        draft.commit(META, {})

    write(0)
    seen, ended = [], threading.Event()

    def look() -> None:
        while not ended.is_set():
            seen.append(places(s3_workspace.project("p")))

    looking = threading.Thread(target=look)
    looking.start()
    for number in range(1, 5):
        write(number % 2)
    ended.set()
    looking.join()

    whole = [sorted(f"training/{name}" for name in each) for each in names]
    assert all(each in whole for each in seen)
    assert len(seen) > 1
