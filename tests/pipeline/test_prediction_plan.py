from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kittiseg.errors import ConfigError
from kittiseg.pipeline import PredictOptions, plan_predict, predict
from kittiseg.pipeline.footprints import Footprint
from kittiseg.pipeline.prediction_plan import Costs, peak_memory, plan_prediction
from kittiseg.project.geometry import Size
from kittiseg.project.store import Workspace
from tests.data.footprints import mode_of, sized, tutorial
from tests.data.runs import WINDOWS, json_file, run_in

KITTI = Size(height=375, width=1242)
FULL = mode_of(source="full_image")


def costs(**fields: Any) -> Costs:
    return Costs(**{"classes": 2, "batch_size": 16, "seconds_per_batch": 3.0, **fields})


def files_in(workspace: Workspace) -> list[Path]:
    return sorted(Path(workspace.files.root).rglob("*"))


def test_the_tutorial_comes_to_what_is_worked_out_by_hand():
    """200 frames of 1242 x 375 px, each under 14 x 2 windows of 370 x 370, two classes, batches of 16, two workers.

    Two batches may be of three pictures, whose stitchers are open, and five pictures are read or wait to be written.
    """
    plan = plan_prediction(Counter({sized(KITTI, tutorial()): 200}), costs(workers=2))

    (size,) = plan.sizes
    assert (size.width, size.height, size.pictures, size.windows, size.parts) == (1242, 375, 200, 28, 1)
    assert (plan.windows, plan.batches) == (200 * 28, 200 * 28 / 16)
    assert plan.amplification == pytest.approx(28 * 370 * 370 / (1242 * 375))
    assert plan.seconds == 350 * 3.0 / 2
    stitcher, batch, pictures = 2 * 4 * 370 * (1242 + 370), 16 * 370 * 370 * (3 + 2 * 4), 5 * 1242 * 375 * (3 + 1)
    assert plan.memory == size.memory == 3 * stitcher + 2 * batch + pictures


def test_whole_pictures_are_one_window_each():
    """Five pictures in batches of two: the third has one. The largest is alone, and needs the most memory."""
    small, large = (sized(Size(height=height, width=height + 10), FULL) for height in (10, 30))

    plan = plan_prediction({small: 5, large: 1}, costs(classes=3, batch_size=2))

    assert [(size.windows, size.batches, size.amplification) for size in plan.sizes] == [(1, 3, 1.0), (1, 1, 1.0)]
    assert (plan.pictures, plan.windows, plan.batches, plan.amplification) == (6, 6, 4, 1.0)
    assert plan.memory == plan.sizes[1].memory == 1200 * (3 * 4 * 2 + (3 + 3 * 4) + (3 + 1))


def test_the_amplification_of_all_weighs_pictures_by_their_px():
    """100 px seen once and 300 px seen twice are 700 px of 400."""
    sliding = mode_of(source="sliding_window", window={"width": 10, "height": 10}, min_overlap={"x": 6, "y": 0})
    sizes = [Size(height=10, width=10), Size(height=10, width=30)]

    plan = plan_prediction({sized(size, sliding): 1 for size in sizes}, costs())

    assert [size.amplification for size in plan.sizes] == [2.0, 1.0]
    assert plan.amplification == 700 / 400


def test_of_many_sizes_ten_are_told_of_and_all_are_counted():
    """Those of the most pictures; of as many the larger first."""
    sizes = {Size(height=10, width=width): 1 for width in range(10, 22)} | {Size(height=5, width=5): 3}

    plan = plan_prediction({sized(size, FULL): count for size, count in sizes.items()}, costs())

    assert [(size.width, size.pictures) for size in plan.sizes[:3]] == [(5, 3), (21, 1), (20, 1)]
    assert (len(plan.sizes), plan.others) == (10, 3)
    assert (plan.pictures, plan.windows) == (15, 15)


def test_pictures_of_one_size_may_have_different_windows():
    """One of 28 windows, one of none: 14 each."""
    shown = sized(KITTI, tutorial())
    empty = replace(shown, regions=0, windows=0, shown=0, parts=0)

    plan = plan_prediction({shown: 1, empty: 1}, costs())

    (size,) = plan.sizes
    assert (size.windows, size.batches, size.parts, plan.windows) == (14, 2, 1, 28)
    assert size.amplification == plan.amplification == pytest.approx(28 * 370 * 370 / (2 * KITTI.area))


def test_what_is_seen_larger_takes_longer():
    """Ten windows, a batch at 32 x 32, and ten that are seen at four times as many px."""
    small = replace(sized(KITTI, FULL), windows=10, input_size=Size(height=32, width=32))
    large = replace(small, input_size=Size(height=64, width=64))

    plan = plan_prediction({small: 1, large: 1}, costs(batch_size=10, input_size=Size(height=32, width=32)))

    assert plan.seconds == 3.0 + 4 * 3.0


def test_a_large_picture_holds_one_stitcher_and_itself_once():
    """And of its result no more than a part's; probabilities are four bytes a class."""
    large = Footprint(
        size=Size(height=1000, width=1000),
        regions=1,
        windows=400,
        shown=4_000_000,
        window=Size(height=100, width=100),
        input_size=None,
        parts=4,
        open=100 * 1100,
        decoded=1_000_000,
        scored=250_000,
    )

    memory = peak_memory(large, costs(probabilities=True), pictures=9)

    assert memory == 2 * 4 * 100 * 1100 + 2 * 16 * 10_000 * (3 + 2 * 4) + 3_000_000 + (1 + 2 * 4) * 250_000


def test_of_skipped_windows_more_pictures_are_open():
    """One window of each may wait for a batch, so twice two and one more; with weights, and what a first pass found."""
    sure = replace(sized(Size(height=10, width=10), FULL), windows=9, shown=900)
    unsure = replace(sure, unsure=8, glanced=1)

    more = peak_memory(unsure, costs(batch_size=2, leaves_gaps=True), pictures=9)
    less = peak_memory(sure, costs(batch_size=2), pictures=9)

    stitcher, scores = 10 * (10 + 10) * 4, 10 * 10 * 2 * 4
    assert more - less == 5 * (3 * stitcher + scores) - 2 * 2 * stitcher


def test_no_pictures_take_no_time():
    """An empty project has a plan."""
    plan = plan_prediction({}, costs())

    assert (plan.pictures, plan.batches, plan.seconds, plan.memory, plan.amplification) == (0, 0, 0, 0, 0)


def test_a_plan_is_made_without_writing(workspace_of_models: Workspace, tmp_path: Path):
    """Eight pictures of 40 x 36 px under 3 x 2 windows of 20 x 20 each, in three batches of 16; no name is wanted."""
    before = files_in(workspace_of_models)
    config = json_file(tmp_path, "infer", WINDOWS)

    plan = plan_predict(run_in(workspace_of_models), PredictOptions(config, "m@best", "squares"))

    assert (plan.pictures, plan.windows, plan.batches, plan.workers) == (8, 48, 3, 1)
    assert plan.seconds == 3 * plan.seconds_per_batch > 0
    assert files_in(workspace_of_models) == before


@pytest.mark.parametrize(
    "mode",
    [{"source": "bboxes", "padding": {"left": "-10px"}}, {"source": "whole", "window": {"width": 20, "height": 20}}],
)
def test_a_plan_counts_the_windows_that_predict_shows(
    workspace_of_models: Workspace, tmp_path: Path, mode: dict[str, object]
):
    """In modes whose windows depend on the objects, or on the network."""
    options = PredictOptions(json_file(tmp_path, "infer", {**WINDOWS, "mode": mode}), "m", "squares", "out")

    planned = plan_predict(run_in(workspace_of_models), options)

    assert planned.windows == predict(run_in(workspace_of_models), options).windows > 0


def test_what_predict_refuses_a_plan_refuses(workspace_of_models: Workspace, tmp_path: Path):
    """A class that the model does not know."""
    config = json_file(tmp_path, "infer", {**WINDOWS, "model_classes": {"save_classes": ["cra"]}})

    with pytest.raises(ConfigError, match="did you mean 'car'"):
        plan_predict(run_in(workspace_of_models), PredictOptions(config, "m", "squares"))
