from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from kittiseg.config import parse
from kittiseg.engine import Workers
from kittiseg.errors import DataError
from kittiseg.inference.config import InferenceConfig
from kittiseg.inference.modes import Mode, make_mode
from kittiseg.pipeline.prediction_plan import Costs, count_sizes, measure, plan_prediction, usual_window
from kittiseg.project.geometry import Size
from kittiseg.project.store import Workspace
from tests.data.projects import small_project
from tests.data.runs import run_in

KITTI = Size(height=375, width=1242)


def mode(**fields: object) -> Mode:
    return make_mode(parse(InferenceConfig, {"mode": fields}, source="a test").mode)


def tutorial() -> Mode:
    return mode(source="sliding_window", window={"width": 370, "height": 370}, min_overlap={"x": 300, "y": 0})


def costs(**fields: object) -> Costs:
    return Costs(**{"classes": 2, "batch_size": 16, "seconds_per_batch": 3.0, **fields})  # type: ignore[arg-type]


def test_the_tutorial_comes_to_what_is_worked_out_by_hand():
    """200 frames of 1242 x 375 px, each under 14 x 2 windows of 370 x 370, two classes, batches of 16, two workers."""
    plan = plan_prediction(Counter({KITTI: 200}), tutorial(), costs(workers=2))

    (size,) = plan.sizes
    assert (size.width, size.height, size.pictures, size.windows, size.parts) == (1242, 375, 200, 28, 1)
    assert (plan.windows, plan.batches) == (200 * 28, 200 * 28 / 16)
    assert plan.amplification == pytest.approx(28 * 370 * 370 / (1242 * 375))
    assert plan.seconds == 350 * 3.0 / 2
    stitcher, batch, picture = 2 * 370 * 1242 * 4 * 2, 16 * 370 * 370 * (3 + 2 * 4), 1242 * 375 * 3
    assert plan.memory == size.memory == stitcher + batch + picture


def test_whole_pictures_are_one_window_each():
    """Five pictures in batches of two: the third has one. The largest needs the most memory."""
    plan = plan_prediction(
        Counter({Size(height=10, width=20): 5, Size(height=20, width=30): 1}),
        mode(source="full_image"),
        costs(classes=3, batch_size=2),
    )

    assert [(size.windows, size.batches, size.amplification) for size in plan.sizes] == [(1, 3, 1.0), (1, 1, 1.0)]
    assert (plan.pictures, plan.windows, plan.batches, plan.amplification) == (6, 6, 4, 1.0)
    assert plan.memory == 3 * 20 * 30 * 4 * 2 + 2 * 20 * 30 * (3 + 3 * 4) + 20 * 30 * 3


def test_the_amplification_of_all_weighs_pictures_by_their_px():
    """100 px seen once and 300 px seen twice are 700 px of 400."""
    whole, halves = Size(height=10, width=10), Size(height=10, width=30)
    sliding = mode(source="sliding_window", window={"width": 10, "height": 10}, min_overlap={"x": 6, "y": 0})

    plan = plan_prediction({whole: 1, halves: 1}, sliding, costs())

    assert [size.amplification for size in plan.sizes] == [2.0, 1.0]
    assert plan.amplification == 700 / 400


def test_a_picture_smaller_than_its_window_is_padded_to_it():
    """The network sees more px than there are."""
    (size,) = plan_prediction({Size(height=185, width=370): 1}, tutorial(), costs()).sizes

    assert (size.windows, size.amplification) == (1, 2.0)


def test_of_many_sizes_ten_are_told_of_and_all_are_counted():
    """Those of the most pictures; of as many the larger first."""
    sizes = {Size(height=10, width=width): 1 for width in range(10, 22)} | {Size(height=5, width=5): 3}

    plan = plan_prediction(sizes, mode(source="full_image"), costs())

    assert [(size.width, size.pictures) for size in plan.sizes[:3]] == [(5, 3), (21, 1), (20, 1)]
    assert (len(plan.sizes), plan.others) == (10, 3)
    assert (plan.pictures, plan.windows) == (15, 15)


def test_a_large_picture_in_parts_holds_fewer_pixels():
    """As whoever splits it says."""
    (size,) = plan_prediction({KITTI: 1}, tutorial(), costs(parts=lambda size: 4, decoded=lambda size: 0)).sizes
    (whole,) = plan_prediction({KITTI: 1}, tutorial(), costs()).sizes

    assert (size.parts, whole.parts) == (4, 1)
    assert whole.memory - size.memory == KITTI.area * 3


def test_no_pictures_take_no_time():
    """An empty project has a plan, but no window that could be timed."""
    plan = plan_prediction({}, tutorial(), costs())

    assert (plan.pictures, plan.batches, plan.seconds, plan.memory, plan.amplification) == (0, 0, 0, 0, 0)
    with pytest.raises(DataError, match="no pictures"):
        usual_window({}, tutorial())


def test_the_window_to_be_timed_is_the_most_frequent_one():
    """Of whole pictures that of the most pictures."""
    assert usual_window({KITTI: 3, Size(height=10, width=10): 5}, mode(source="full_image")) == Size(
        height=10, width=10
    )
    assert usual_window({KITTI: 3}, tutorial()) == Size(height=370, width=370)


def test_a_full_batch_is_timed_after_two_that_warm_up(workspace: Workspace):
    """Four passes of sixteen windows; nobody can say how long they take, but they take some time."""
    shapes: list[tuple[int, ...]] = []

    def make_forward(*, device: str, threads: int) -> Callable[[np.ndarray], np.ndarray]:
        def forward(windows_nhwc: np.ndarray) -> np.ndarray:
            shapes.append(windows_nhwc.shape)
            return windows_nhwc

        return forward

    window = Size(height=4, width=6)
    seconds = measure(run_in(workspace), make_forward, window, batch_size=16, workers=Workers(count=1))

    assert shapes == [(16, 4, 6, 3)] * 4
    assert seconds > 0


def test_of_windows_that_are_huge_a_part_of_a_batch_is_timed(workspace: Workspace):
    """Two of 5,000 x 5,000 px; sixteen would take 1.2 GB."""
    shapes: list[tuple[int, ...]] = []

    def make_forward(*, device: str, threads: int) -> Callable[[np.ndarray], None]:
        return lambda windows_nhwc: shapes.append(windows_nhwc.shape)

    measure(run_in(workspace), make_forward, Size(height=5000, width=5000), batch_size=16, workers=Workers(count=1))

    assert shapes[0] == (2, 5000, 5000, 3)


def test_sizes_are_counted_by_the_annotations(workspace: Workspace):
    """No picture is decoded for it."""
    project = small_project(workspace, count=3, size=Size(height=6, width=8))

    assert count_sizes(run_in(workspace), project) == {Size(height=6, width=8): 3}
