"""A worker's share of a prediction: from files to files."""

import pickle

import numpy as np
import pytest

from kittiseg.config import parse
from kittiseg.inference.areas import map_areas
from kittiseg.inference.config import InferenceConfig
from kittiseg.inference.modes import make_mode
from kittiseg.inference.outputs import plan_outputs
from kittiseg.inference.predictor import Forward, Predictor
from kittiseg.inference.skip import Coarse, InsideObjects, InsidePolygons, Skip, Skipping
from kittiseg.inference.tasks import Parts, PredictedPicture, Task
from kittiseg.inference.worker import PARTS, PredictionWorker
from kittiseg.project.geometry import Size
from kittiseg.project.item import ItemKey
from kittiseg.project.journal import Row
from kittiseg.project.meta import ObjectClass
from kittiseg.project.store import Draft, Project, Workspace
from tests.data.forwards import by_place, show
from tests.data.geotiffs import SCALE, TIEPOINT, UTM_33N, geotiff, keys
from tests.data.projects import annotation_of, meta_of, small_project, write_project

CONFIG = parse(
    InferenceConfig,
    {
        "mode": {"source": "sliding_window", "window": {"width": 4, "height": 4}, "min_overlap": {"x": 2, "y": 2}},
        "existing_objects": {"save_classes": ["road"]},
    },
    source="a test",
)
COLOURS = [ObjectClass(name, "bitmap", "#000000") for name in ("red", "green", "blue")]


def worker_of(
    project: Project, draft: Draft, forward: Forward = show, skipping: Skipping | None = None
) -> PredictionWorker:
    outputs = plan_outputs(CONFIG, COLOURS, project.meta, source="a test")
    predictor = Predictor(forward, classes=3, batch_size=4)
    return PredictionWorker(predictor, make_mode(CONFIG.mode), outputs, project=project, draft=draft, skipping=skipping)


def row_of(picture: PredictedPicture) -> Row:
    assert picture.row is not None
    return picture.row


def draft_of(workspace: Workspace, name: str = "predicted") -> Draft:
    draft = workspace.draft(name)
    draft.journal.begin()
    draft.add_dataset("training")
    return draft


def all_files(draft: Draft) -> dict[str, bytes]:
    return {
        f"{folder}/{name}": draft.files.read(f"{folder}/{name}")
        for folder in ("training/img", "training/ann")
        for name in draft.files.files(folder)
    }


def test_pictures_are_predicted_and_written(workspace: Workspace):
    """Picture files are copied byte for byte; the annotation holds what the forward function sees."""
    project, draft = small_project(workspace), draft_of(workspace)
    keys = project.keys()

    rows = worker_of(project, draft)(Task(tuple(keys)))

    assert [(p.key, row_of(p).error, p.windows) for p in rows] == [(key, None, 6) for key in keys]
    outputs = plan_outputs(CONFIG, COLOURS, project.meta, source="a test")
    predicted = draft.commit(outputs.meta, {})
    for key in keys:
        there = ItemKey("predicted", key.dataset, key.name)
        assert predicted.picture_bytes(there) == project.picture_bytes(key)
        image_hwc = predicted.item(there).image.pixels()
        figures = predicted.annotation(there).figures
        assert figures[0].class_name == "road"
        for figure in figures[1:]:
            drawn_hw = np.zeros(image_hwc.shape[:2], np.uint8)
            figure.shape.draw(drawn_hw, 1)
            index = ["red_unet", "green_unet", "blue_unet"].index(figure.class_name)
            np.testing.assert_array_equal(drawn_hw == 1, image_hwc.argmax(axis=2) == index)


def test_a_damaged_picture_is_a_row_and_the_others_go_on(workspace: Workspace):
    """A picture that is none, and one whose annotation is missing: two errors, two pictures written."""
    project, draft = small_project(workspace, count=4), draft_of(workspace)
    keys = project.keys()
    project.files.write(f"training/img/{keys[0].name}", b"no picture")
    project.files.remove(f"training/ann/{keys[2].name}.json")

    rows = worker_of(project, draft)(Task(tuple(keys)))

    assert [row.key for row in rows] == keys
    assert [row_of(p).error is None for p in rows] == [False, True, False, True]
    assert "not a picture, or damaged" in str(row_of(rows[0]).error)
    assert draft.files.files("training/img") == [keys[1].name, keys[3].name]


def test_a_chunk_done_again_leaves_the_same_files(workspace: Workspace):
    """What a worker wrote before it died is replaced by the same bytes."""
    project = small_project(workspace)
    once, twice = draft_of(workspace, "once"), draft_of(workspace, "twice")

    worker_of(project, once)(Task(tuple(project.keys())))
    worker_of(project, twice)(Task(tuple(project.keys()[:2])))
    worker_of(project, twice)(Task(tuple(project.keys())))

    assert all_files(once) == all_files(twice)


def test_an_error_of_the_network_stops_the_chunk(workspace: Workspace):
    """Only a picture's own fault is a row; the network's is raised as it is."""

    def broken(windows_nhwc: np.ndarray, input_size: Size | None = None) -> np.ndarray:
        raise MemoryError("no room for the batch")

    project = small_project(workspace)

    with pytest.raises(MemoryError, match="no room"):
        worker_of(project, draft_of(workspace), broken)(Task(tuple(project.keys())))


def test_no_pictures_no_rows(workspace: Workspace):
    """An empty chunk is done at once."""
    project = small_project(workspace)

    assert worker_of(project, draft_of(workspace))(Task(())) == []


def test_what_goes_to_a_worker_can_be_pickled(workspace: Workspace):
    """Outputs, project and draft arrive on another machine as they were."""
    project, draft = small_project(workspace), draft_of(workspace)
    outputs = plan_outputs(CONFIG, COLOURS, project.meta, source="a test")

    copies = pickle.loads(pickle.dumps((outputs, project, draft)))

    assert copies[0] == outputs
    assert copies[1].keys() == project.keys()
    assert copies[2].folder == draft.folder


def test_what_is_done_is_not_done_again(workspace: Workspace):
    """A task that another worker had begun: only a picture that has changed since is scored again."""
    project, draft = small_project(workspace, count=4), draft_of(workspace)
    task = Task(tuple(project.keys()))
    before = worker_of(project, draft)(task)
    path = f"training/ann/{task.keys[1].name}.json"
    project.files.write(path, project.files.read(path) + b" ")
    scored: list[int] = []

    def network(windows_nhwc: np.ndarray, input_size: Size | None = None) -> np.ndarray:
        scored.append(len(windows_nhwc))
        return show(windows_nhwc)

    after = worker_of(project, draft, network)(task)

    assert sum(scored) == 6
    assert [row_of(picture).outputs for picture in after] == [row_of(picture).outputs for picture in before]
    assert [picture.windows for picture in after] == [0, 6, 0, 0]


def high_project(workspace: Workspace, *, count: int = 3) -> Project:
    """Pictures with 14 rows of windows."""
    return small_project(workspace, count=count, size=Size(height=30, width=8))


def in_parts(worker: PredictionWorker, keys: list[ItemKey]) -> list[PredictedPicture]:
    """All tasks that there are of some pictures, one after another."""
    parts, todo, done = Parts(), [Task((key,)) for key in keys], []
    while todo:
        results = worker(todo.pop(0))
        todo += parts.follow(results)
        done += results
    return done


def test_a_large_picture_is_done_in_parts(workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    """Its files are those of a picture that was done at once, and nothing of the parts is left."""
    project, once, parted = high_project(workspace), draft_of(workspace, "once"), draft_of(workspace, "parted")
    whole = in_parts(worker_of(project, once, by_place), project.keys())
    monkeypatch.setattr("kittiseg.inference.stitching.WINDOWS_PER_PART", 1)

    done = in_parts(worker_of(project, parted, by_place), project.keys())

    assert {picture.parts for picture in done} == {0, 3}
    assert all_files(parted) == all_files(once)
    rows = {picture.key: picture.row for picture in done if picture.row is not None}
    assert [rows[picture.key] for picture in whole] == [row_of(picture) for picture in whole]
    assert sum(picture.windows for picture in done) == sum(picture.windows for picture in whole)
    assert not any(parted.files.folders(f"{PARTS}/{dataset}") for dataset in project.datasets)
    assert [row.source for row in parted.journal.rows()] != []


def test_windows_are_skipped_in_parts_as_in_the_whole(workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    """Each picture by its own objects: of 14 x 3 windows 4, 4 and 6 touch the car; the first pass is one more."""
    skip = Skip(inside=InsideObjects(objects=("car",)), coarse=Coarse(factor=2, below=9))
    project, once, parted = high_project(workspace), draft_of(workspace, "once"), draft_of(workspace, "parted")
    in_whole = in_parts(worker_of(project, once, by_place, Skipping(skip)), project.keys())
    monkeypatch.setattr("kittiseg.inference.stitching.WINDOWS_PER_PART", 1)

    done = in_parts(worker_of(project, parted, by_place, Skipping(skip)), project.keys())

    assert {picture.parts for picture in done} == {0, 3}
    assert all_files(parted) == all_files(once)
    assert [(picture.windows, picture.skipped) for picture in in_whole] == [(5, 38), (5, 38), (7, 36)]
    assert sum(picture.windows for picture in done) == 5 + 5 + 7
    assert sum(picture.skipped for picture in done) == 38 + 38 + 36


def test_polygons_lie_where_the_picture_says(workspace: Workspace):
    """A picture whose coordinates are not the polygons' is a row; one without a map takes them as px."""
    square = {"type": "Polygon", "coordinates": [[[5, 1], [6, 1], [6, 2], [5, 1]]]}
    crs = {"type": "name", "properties": {"name": "EPSG:4326"}}
    annotation = annotation_of({}, size=Size(height=4, width=6))
    pictures = {"training/a.png": annotation, "training/b.tif": annotation}
    project, draft = write_project(workspace, "maps", pictures, meta=meta_of({"road": "bitmap"})), draft_of(workspace)
    project.files.write("training/img/b.tif", geotiff(SCALE, TIEPOINT, keys(UTM_33N)))
    skip = Skip(inside=InsidePolygons(geojson="not read here"))
    skipping = Skipping(skip, areas=map_areas({**square, "crs": crs}))

    plain, mapped = worker_of(project, draft, show, skipping)(Task(tuple(project.keys())))

    assert (plain.windows, plain.skipped) == (1, 1)
    assert "b.tif: the picture lies on the map by EPSG:32633" in str(row_of(mapped).error)


def test_a_large_picture_that_is_done_is_not_done_again(workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    """Neither when its task comes again nor when its end does: the answer of the worker that wrote it was lost."""
    monkeypatch.setattr("kittiseg.inference.stitching.WINDOWS_PER_PART", 1)
    project, draft = high_project(workspace), draft_of(workspace)
    keys = tuple(project.keys())
    done = in_parts(worker_of(project, draft, by_place), list(keys))
    rows = {picture.key: picture.row for picture in done if picture.row is not None}
    files = all_files(draft)

    again = worker_of(project, draft, by_place)(Task(keys))
    end = worker_of(project, draft, by_place)(Task(keys[:1], is_end=True))

    assert [(picture.row, picture.parts) for picture in again] == [(rows[key], 0) for key in keys]
    assert end[0].row == rows[keys[0]]
    assert all_files(draft) == files


def test_a_part_that_is_there_is_not_done_again(workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    """The worker that wrote it was killed, or its answer was lost."""
    monkeypatch.setattr("kittiseg.inference.stitching.WINDOWS_PER_PART", 1)
    project, draft = high_project(workspace, count=1), draft_of(workspace)
    (key,) = project.keys()
    worker_of(project, draft)(Task((key,), 0))

    def network(windows_nhwc: np.ndarray, input_size: Size | None = None) -> np.ndarray:
        raise AssertionError("done again")

    (again,) = worker_of(project, draft, network)(Task((key,), 0))

    assert (again.key, again.row, again.error, again.windows) == (key, None, None, 0)


def test_a_large_picture_that_is_damaged_is_one_row(workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    """Each of its parts finds that out; one error is told."""
    monkeypatch.setattr("kittiseg.inference.stitching.WINDOWS_PER_PART", 1)
    project, draft = high_project(workspace, count=1), draft_of(workspace)
    (key,) = project.keys()
    project.files.write(f"training/img/{key.name}", b"no picture")

    done = in_parts(worker_of(project, draft), [key])

    (error,) = (picture.row.error for picture in done if picture.row is not None)
    assert "not a picture, or damaged" in str(error)
    assert draft.files.files("training/img") == []
