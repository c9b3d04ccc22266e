"""A worker's share of a prediction: from files to files."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from kittiseg.config import parse
from kittiseg.inference.config import InferenceConfig
from kittiseg.inference.modes import make_mode
from kittiseg.inference.outputs import plan_outputs
from kittiseg.inference.predictor import Forward, Predictor
from kittiseg.inference.worker import PredictionWorker, map_ahead
from kittiseg.project.item import ItemKey
from kittiseg.project.meta import ObjectClass
from kittiseg.project.store import Draft, Project, Workspace
from tests.data.projects import small_project

CONFIG = parse(
    InferenceConfig,
    {
        "mode": {"source": "sliding_window", "window": {"width": 4, "height": 4}, "min_overlap": {"x": 2, "y": 2}},
        "existing_objects": {"save_classes": ["road"]},
    },
    source="a test",
)
COLOURS = [ObjectClass(name, "bitmap", "#000000") for name in ("red", "green", "blue")]


def strongest_colour(windows_nhwc: np.ndarray) -> np.ndarray:
    return windows_nhwc.transpose(0, 3, 1, 2).astype(np.float32)


def worker_of(project: Project, draft: Draft, forward: Forward = strongest_colour) -> PredictionWorker:
    outputs = plan_outputs(CONFIG, COLOURS, project.meta, source="a test")
    predictor = Predictor(forward, make_mode(CONFIG.mode), classes=3, batch_size=4)
    return PredictionWorker(predictor, outputs, project=project, draft=draft)


def draft_of(workspace: Workspace, name: str = "predicted") -> Draft:
    draft = workspace.draft(name)
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

    rows = worker_of(project, draft)(keys)

    assert [(row.key, row.error, row.windows) for row in rows] == [(key, None, 6) for key in keys]
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

    rows = worker_of(project, draft)(keys)

    assert [row.key for row in rows] == keys
    assert [row.error is None for row in rows] == [False, True, False, True]
    assert "not a picture, or damaged" in str(rows[0].error)
    assert draft.files.files("training/img") == [keys[1].name, keys[3].name]


def test_a_chunk_done_again_leaves_the_same_files(workspace: Workspace):
    """What a worker wrote before it died is replaced by the same bytes."""
    project = small_project(workspace)
    once, twice = draft_of(workspace, "once"), draft_of(workspace, "twice")

    worker_of(project, once)(project.keys())
    worker_of(project, twice)(project.keys()[:2])
    worker_of(project, twice)(project.keys())

    assert all_files(once) == all_files(twice)


def test_an_error_of_the_network_stops_the_chunk(workspace: Workspace):
    """Only a picture's own fault is a row; the network's is raised as it is."""

    def broken(windows_nhwc: np.ndarray) -> np.ndarray:
        raise MemoryError("no room for the batch")

    project = small_project(workspace)

    with pytest.raises(MemoryError, match="no room"):
        worker_of(project, draft_of(workspace), broken)(project.keys())


def test_no_pictures_no_rows(workspace: Workspace):
    """An empty chunk is done at once."""
    project = small_project(workspace)

    assert worker_of(project, draft_of(workspace))([]) == []


def test_what_goes_to_a_worker_can_be_pickled(workspace: Workspace):
    """Outputs, project and draft arrive on another machine as they were."""
    project, draft = small_project(workspace), draft_of(workspace)
    outputs = plan_outputs(CONFIG, COLOURS, project.meta, source="a test")

    copies = pickle.loads(pickle.dumps((outputs, project, draft)))

    assert copies[0] == outputs
    assert copies[1].keys() == project.keys()
    assert copies[2].folder == draft.folder


def test_map_ahead_keeps_order_and_distance():
    """Results come in order, and no more than ``ahead`` values are taken before the first is fetched."""
    taken: list[int] = []

    def source():
        for value in range(9):
            taken.append(value)
            yield value

    with ThreadPoolExecutor(1) as pool:
        results = map_ahead(lambda value: value * value, source(), pool, ahead=2)
        first = next(results)
        assert taken == [0, 1, 2]
        assert [first, *results] == [value * value for value in range(9)]
