"""Every stage reads what any save layer has written, and finds the same in it."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from kittiseg.engine import Engine
from kittiseg.errors import ConfigError, DataError
from kittiseg.inference.config import InferenceConfig
from kittiseg.inference.modes import make_mode
from kittiseg.inference.outputs import plan_outputs
from kittiseg.inference.predictor import Predictor
from kittiseg.inference.tasks import Task
from kittiseg.inference.worker import PredictionWorker
from kittiseg.pipeline import Transformed, evaluate, list_workspace, report, statistics, transform, transforming
from kittiseg.project import shards
from kittiseg.project.geometry import Size
from kittiseg.project.meta import ObjectClass
from kittiseg.project.store import Project, Workspace
from kittiseg.training.classes import ClassIndex
from kittiseg.training.reading import SampleReader
from kittiseg.training.sources import ProjectSource
from tests.data.forwards import show
from tests.data.programs import layer
from tests.data.projects import annotation_of, meta_of, small_project, square, write_project
from tests.data.runs import json_file, leftovers, run_in, told, tutorial_query
from tests.data.training import pixels_of, tiny_config

PICTURE = Size(height=32, width=96)
ACTIONS = ("supervisely", "parquet", "recipe")
OTHERS = ("parquet", "recipe")
COLOURS = [ObjectClass(name, "bitmap", "#000000") for name in ("red", "green", "blue")]
READING = {"data_workers": {"train": 3, "val": 0}, "dataset_tags": {"train": "train", "val": "__all__"}}


def _query(folder: Path, action: str, *, source: str = "small") -> Path:
    """The tutorial's, into a project that is called as the action."""
    query = tutorial_query(source, action)
    query[-1] |= {"action": action, "settings": {}}
    return json_file(folder, action, query)


@pytest.fixture
def source(workspace: Workspace) -> Project:
    return small_project(workspace, "small", count=6, size=PICTURE)


@pytest.fixture
def made(workspace: Workspace, source: Project, tmp_path: Path) -> dict[str, Transformed]:
    """The same query into each storage."""
    return {action: transform(run_in(workspace, seed=3), _query(tmp_path, action)) for action in ACTIONS}


def _shown(project: Project) -> dict[tuple[str, str], tuple[Any, bytes, list[Any]]]:
    """All that can be read of each picture."""
    return {
        (key.dataset, key.name): (
            project.annotation(key).to_json(),
            project.picture_bytes(key),
            project.item(key).image.pixels().tolist(),
        )
        for key in project.keys()
    }


@pytest.mark.parametrize("action", OTHERS)
def test_pictures_and_annotations_are_those_of_the_folder(
    workspace: Workspace, made: dict[str, Transformed], action: str
):
    """Names, files, pixels, figures, tags; the classes; and what the run told."""
    folder, other = workspace.project("supervisely"), workspace.project(action)

    assert other.keys(["training"]) == other.keys()
    assert _shown(other) == _shown(folder)
    assert other.meta == folder.meta
    assert (made[action].images, made[action].tags) == (72, made["supervisely"].tags)


def test_shards_have_the_digest_of_files(made: dict[str, Transformed]):
    """They hold the same files; recipes hold none, so theirs is another."""
    assert made["parquet"].digest == made["supervisely"].digest != made["recipe"].digest


@pytest.mark.parametrize("action", OTHERS)
def test_statistics_are_those_of_the_folder(workspace: Workspace, made: dict[str, Transformed], action: str):
    theirs = statistics(run_in(workspace), "supervisely").to_json()

    assert statistics(run_in(workspace), action).to_json() == {**theirs, "project": action}
    assert {entry["images"] for entry in list_workspace(run_in(workspace))["projects"]} == {6, 72}


@pytest.mark.parametrize("action", OTHERS)
def test_training_reads_the_same_samples(workspace: Workspace, made: dict[str, Transformed], action: str):
    """With threads, whose order must not show."""
    read = []
    for name in ("supervisely", action):
        project, config = workspace.project(name), tiny_config(**READING)
        read.append(
            SampleReader(ProjectSource(project), config, ClassIndex.of(project.meta, config.special_classes)).read()
        )

    for split in ("train", "val"):
        theirs, ours = (samples[split] for samples in read)
        assert np.array_equal(pixels_of(ours), pixels_of(theirs))


@pytest.mark.parametrize("action", OTHERS)
def test_evaluation_finds_no_difference(workspace: Workspace, made: dict[str, Transformed], action: str):
    evaluation = evaluate(run_in(workspace), action, "supervisely")

    assert evaluation.to_json()["mean_iou"] == 1.0
    assert evaluation.to_json()["images"] == 72


@pytest.mark.parametrize("action", OTHERS)
def test_predictions_are_those_of_the_folder(workspace: Workspace, made: dict[str, Transformed], action: str):
    """Of a network that sees which colour is the strongest."""
    digests = {}
    for name in ("supervisely", action):
        project, draft = workspace.project(name), workspace.draft(f"predicted of {name}")
        draft.add_dataset("training")
        draft.journal.begin()
        outputs = plan_outputs(InferenceConfig(), COLOURS, project.meta, source="a test")
        mode = make_mode(InferenceConfig().mode)
        worker = PredictionWorker(Predictor(show, classes=3, batch_size=4), mode, outputs, project=project, draft=draft)
        done = worker(Task(tuple(project.keys()[:5])))
        assert all(picture.row is not None and picture.row.error is None for picture in done)
        digests[name] = {
            f"{folder}/{file}": draft.files.read(f"training/{folder}/{file}")
            for folder in ("img", "ann")
            for file in draft.files.files(f"training/{folder}")
        }

    assert len(digests[action]) == 10
    assert digests[action] == digests["supervisely"]


@pytest.mark.parametrize("action", OTHERS)
def test_a_transform_of_it_is_that_of_the_folder(
    workspace: Workspace, made: dict[str, Transformed], tmp_path: Path, action: str
):
    """Windows of windows, from each storage into files; names of sources are part of the draws, so none is drawn."""
    digests = {}
    for name in ("supervisely", action):
        query = [
            layer("data", f"{name}/*", "$in", {"classes_mapping": "default"}),
            layer("dataset", "$in", "$named", {"rule": "save_original"}),
            layer("crop", "$named", "$cut", {"sides": {"left": "3px", "top": "10%"}}),
            layer("flip", "$cut", "$out", {"axis": "horizontal"}),
            layer("supervisely", "$out", "again"),
        ]
        digests[name] = transform(run_in(workspace), json_file(tmp_path, "again", query), overwrite=True).digest

    assert digests[action] == digests["supervisely"]


@pytest.mark.parametrize("action", OTHERS)
def test_a_report_shows_it(workspace: Workspace, made: dict[str, Transformed], action: str):
    assert Path(report(run_in(workspace), [action])).stat().st_size > 10_000


@pytest.mark.parametrize("action", OTHERS)
def test_the_engine_does_not_show(
    workspace: Workspace, made: dict[str, Transformed], tmp_path: Path, ray_engine: Engine, action: str
):
    """The bytes of shards and recipes too are the same."""
    root = Path(workspace.files.path(f"projects/{action}"))
    folder = root / {"parquet": "shards", "recipe": "recipes"}[action]
    here = {path.name: path.read_bytes() for path in folder.iterdir()}

    there = transform(run_in(workspace, ray_engine, seed=3), _query(tmp_path, action), overwrite=True)

    assert there == made[action]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == here


def test_ray_data_reads_shards(workspace: Workspace, made: dict[str, Transformed], ray_engine: Engine):
    """Without any help."""
    import ray.data

    project = workspace.project("parquet")
    rows = ray.data.read_parquet(project.files.path("shards")).take_all()

    assert {(row["dataset"], row["name"]): row["image"] for row in rows} == {
        (key.dataset, key.name): project.picture_bytes(key) for key in project.keys()
    }


@pytest.mark.parametrize("action", ACTIONS)
def test_a_stopped_transform_goes_on(workspace: Workspace, source: Project, tmp_path: Path, action: str):
    """A block that a worker did not tell of is done again, and what it left is not read twice."""
    query = _query(tmp_path, action)
    path = Path(source.files.path("training/img/000004_10.png"))
    whole = path.read_bytes()
    path.write_bytes(b"broken")
    stopped = _break_recipes(source) if action == "recipe" else None
    with pytest.raises(DataError, match="1 of 6 pictures"):
        transform(run_in(workspace, seed=3), query)
    (draft,) = Path(workspace.files.path("projects")).glob(f".{action}.*.partial")
    _leave_rubbish(draft, action)
    path.write_bytes(whole)
    if stopped:
        stopped()
    run = run_in(workspace, seed=3)

    made = transform(run, query)

    assert "going on: 5 of 6 pictures are done" in told(run).notices[0]
    assert leftovers(workspace) == []
    shown = _shown(workspace.project(action))
    assert made == transform(run_in(workspace, seed=3), query, overwrite=True)
    assert _shown(workspace.project(action)) == shown
    assert len(shown) == 72


def _break_recipes(source: Project) -> Any:
    """A recipe reads no pixels, so its annotation is damaged instead; gives what mends it."""
    path = Path(source.files.path("training/ann/000004_10.png.json"))
    whole = path.read_bytes()
    path.write_bytes(b"{")
    return lambda: path.write_bytes(whole)


def _leave_rubbish(draft: Path, action: str) -> None:
    """A block that was written by a worker which died before it could tell."""
    if action == "supervisely":
        (draft / "training" / "img" / "left.png").write_bytes(b"")
        return
    folder = draft / {"parquet": "shards", "recipe": "recipes"}[action]
    known = next(folder.iterdir())
    (folder / f"left{''.join(known.suffixes)}").write_bytes(known.read_bytes())


def test_a_picture_that_fails_in_the_middle_leaves_no_row(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Its first output was written by then; the other picture of the block stays."""
    monkeypatch.setattr(transforming, "BLOCKS", 1)
    monkeypatch.setattr(shards, "GROUP_BYTES", 1)
    pictures = {f"d/{width}.png": annotation_of({}, size=Size(height=32, width=width)) for width in (40, 80)}
    write_project(workspace, "small", pictures, meta=meta_of({"car": "bitmap"}))
    windows = {"window": {"width": 60, "height": 32}, "min_overlap": {"x": 0, "y": 0}}
    query = [
        layer("data", "small/*", "$in", {"classes_mapping": "default"}),
        layer("crop", "$in", "$whole", {"sides": {"left": "1px"}}),
        layer("sliding_window", "$in", "$parts", windows),
        layer("parquet", ["$whole", "$parts"], "out"),
    ]

    with pytest.raises(DataError, match=r"1 of 2 pictures(.|\n)*40.png"):
        transform(run_in(workspace), json_file(tmp_path, "query", query))

    (shard,) = Path(workspace.files.root).glob("projects/.out.*/shards/*.parquet")
    assert pq.read_table(shard).column("source_name").to_pylist() == ["80.png"] * 3


def test_recipes_say_where_their_source_has_gone(workspace: Workspace, source: Project, tmp_path: Path):
    """The stage ends with one error that names it."""
    transform(run_in(workspace), _query(tmp_path, "recipe"))
    small_project(Workspace(workspace.files.within("elsewhere")), "small")
    workspace.files.remove("projects/small")

    with pytest.raises(DataError, match=r"recipes of small/training/00000\d_10.png, which is missing"):
        statistics(run_in(workspace), "recipe")


def test_what_is_for_export_only_is_not_read(workspace: Workspace, source: Project, tmp_path: Path):
    """Masks alone, say; it is listed, and every stage says why it will not do."""
    colors = {"road": [1, 1, 1], "car": [2, 2, 2]}
    settings = {"images": False, "annotations": False, "masks_machine": True, "masks_human": False}
    query = [
        layer("data", "small/*", "$in", {"classes_mapping": "default"}),
        layer("save_masks", "$in", "masks", {**settings, "gt_machine_color": colors}),
    ]
    made = transform(run_in(workspace), json_file(tmp_path, "query", query))
    again = [
        layer("data", "masks/*", "$in", {"classes_mapping": "default"}),
        layer("supervisely", "$in", "again"),
    ]

    assert made.images == 6
    assert {entry["name"]: entry["images"] for entry in list_workspace(run_in(workspace))["projects"]}["masks"] == 6
    for stage in (
        lambda: statistics(run_in(workspace), "masks"),
        lambda: transform(run_in(workspace), json_file(tmp_path, "again", again)),
    ):
        with pytest.raises(DataError, match="'masks' was saved without pictures, for export only"):
            stage()


def test_masks_of_pictures_whose_names_differ_in_their_ends_are_two(workspace: Workspace, tmp_path: Path):
    """Both would be a.png; so one picture gets a longer name."""
    car = annotation_of({"car": square(top=1, left=2, side=3)})
    write_project(workspace, "small", {"d/a.png": car, "d/a.jpg": car}, meta=meta_of({"car": "bitmap"}))
    query = [
        layer("data", "small/*", "$in", {"classes_mapping": "default"}),
        layer("save", "$in", "out", {"images": True, "annotations": True, "visualize": True}),
    ]

    transform(run_in(workspace), json_file(tmp_path, "query", query))

    files = workspace.project("out").files
    assert len(files.files("small__d/visualize")) == len(files.files("small__d/img")) == 2


def test_a_recipe_of_changed_pixels_is_refused_before_any_work(workspace: Workspace, source: Project, tmp_path: Path):
    query = tutorial_query("small", "out")
    query[-1] |= {"action": "recipe", "settings": {}}
    query[5] = layer("noise", query[5]["src"], query[5]["dst"], {"mean": 0, "std": 3})

    with pytest.raises(ConfigError, match="/5/action: 'noise' changes pixels"):
        transform(run_in(workspace), json_file(tmp_path, "query", query))
