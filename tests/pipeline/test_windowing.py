from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kittiseg.errors import ConfigError, DataError
from kittiseg.pipeline import WindowsOptions, show_windows
from kittiseg.pipeline.windowing import Finder, growing
from kittiseg.project.geometry import Size, Window
from kittiseg.project.pixels import encode
from kittiseg.project.store import Workspace
from tests.data.projects import annotation_of, meta_of, small_project, square, write_project
from tests.data.runs import WINDOWS, json_file, run_in
from tests.data.training import CAR

TWO = [Window(top=0, left=0, height=20, width=20), Window(top=0, left=10, height=20, width=20)]


def bright_is_class_1(windows_nhwc: np.ndarray) -> np.ndarray:
    bright_nhw = (windows_nhwc[..., 0] > 128).astype(np.float32)
    return np.stack([1 - bright_nhw, bright_nhw], axis=1)


def options(folder: Path, item: str, out: str = "windows.gif", **config: object) -> WindowsOptions:
    return WindowsOptions("small", item, json_file(folder, "infer", {**WINDOWS, **config}), folder / "new" / out)


def test_every_window_has_its_frame(workspace: Workspace, tmp_path: Path):
    """40 x 36 px with windows of 20 x 20 overlapping 10 and 4: 3 x 2 windows, and a frame that shows them all."""
    small_project(workspace, size=Size(height=36, width=40))

    shown = show_windows(run_in(workspace), options(tmp_path, "training/000001_10.png"))

    with Image.open(shown.file) as image:
        assert (image.size, image.n_frames) == ((40, 36), 7)
    assert shown.to_json() == {
        "file": str(tmp_path / "new" / "windows.gif"),
        "picture": "small/training/000001_10.png",
        "windows": 6,
        "frames": 7,
        "bytes": Path(shown.file).stat().st_size,
        "skipped": 0,
    }


def test_a_picture_smaller_than_a_window_is_shown_as_the_network_sees_it(workspace: Workspace, tmp_path: Path):
    """8 x 6 px under a window of 20 x 20."""
    small_project(workspace)

    shown = show_windows(run_in(workspace), options(tmp_path, "000000_10.png"))

    with Image.open(shown.file) as image:
        assert (image.size, image.n_frames) == ((20, 20), 2)


@pytest.mark.parametrize(("skip", "windows"), [({"inside": {"objects": ["car"]}}, 2), ({"plain": True}, 4)])
def test_skipped_windows_are_crossed_out(workspace: Workspace, tmp_path: Path, skip: dict[str, object], windows: int):
    """Of 3 x 2 windows two touch the car, and four have a px that is not black; a first pass is not foreseen."""
    image_hwc = np.zeros((36, 40, 3), np.uint8)
    image_hwc[0, 12] = 255
    image_hwc[35, 0] = image_hwc[35, 39] = 255
    car = annotation_of({"car": square(top=0, left=10, side=9)}, size=Size(height=36, width=40))
    draft = workspace.draft("small")
    draft.add_dataset("ds")
    draft.write("ds", "a.png", picture=encode(image_hwc, ".png"), annotation=car)
    draft.commit(meta_of({"car": "bitmap"}), {"made_by": "a test"})
    mode = {**WINDOWS["mode"], "skip": {**skip, "coarse": {}}}

    shown = show_windows(run_in(workspace), options(tmp_path, "a.png", mode=mode))

    assert (shown.windows, shown.skipped, shown.frames) == (windows, 6 - windows, windows + 1)
    with Image.open(shown.file) as image:
        is_red_hw = (np.asarray(image.convert("RGB")) == (222, 62, 62)).all(axis=2)
    assert is_red_hw[25:28].any()


def test_a_picture_whose_windows_are_all_skipped_is_refused(workspace: Workspace, tmp_path: Path):
    """None of 3 x 2 touches an object of a class that no picture has."""
    write_project(workspace, "small", {"ds/a.png": annotation_of({}, size=Size(height=36, width=40))}, meta=CAR)
    mode = {**WINDOWS["mode"], "skip": {"inside": {"objects": ["car"]}}}

    with pytest.raises(DataError, match=r"a\.png: all 6 windows over this picture are skipped; see /mode/skip"):
        show_windows(run_in(workspace), options(tmp_path, "a.png", mode=mode))


def test_the_prediction_grows_window_by_window():
    """Bright pixels of the picture are tinted as far as the windows have come, dark ones never."""
    canvas_hwc = np.full((20, 30, 3), 20, np.uint8)
    canvas_hwc[5:15, 5:28] = 200
    finder = Finder(bright_is_class_1, classes=2, colors={1: (255, 0, 0)})

    tinted = [(seen() != canvas_hwc).any(axis=2) for seen in growing(canvas_hwc, TWO, finder)]

    inner = slice(6, 14)
    assert [np.flatnonzero(tinted_hw[inner].all(axis=0)).tolist()[-1] for tinted_hw in tinted] == [20, 27 + 1]
    assert not any(tinted_hw[:4].any() for tinted_hw in tinted)


def test_where_windows_overlap_their_scores_are_added():
    """A window that is sure outweighs one that is not."""
    scores = iter([0.2, 0.9])

    def less_and_more(windows_nhwc: np.ndarray) -> np.ndarray:
        share = next(scores)
        return np.stack([np.full(windows_nhwc.shape[:3], 1 - share), np.full(windows_nhwc.shape[:3], share)], axis=1)

    canvas_hwc = np.zeros((20, 30, 3), np.uint8)
    *_, last = growing(canvas_hwc, TWO, Finder(less_and_more, classes=2, colors={1: (255, 0, 0)}))

    assert (last()[10] > 0).any(axis=1).tolist() == [False] * 9 + [True] * 21


def test_without_a_model_the_picture_stays_as_it_is():
    """For each window the same."""
    canvas_hwc = np.full((20, 30, 3), 20, np.uint8)

    assert [np.array_equal(seen(), canvas_hwc) for seen in growing(canvas_hwc, TWO, None)] == [True, True]


def test_an_animation_is_a_gif(workspace: Workspace, tmp_path: Path):
    """The other suffix is refused before anything is read."""
    with pytest.raises(ConfigError, match=r"windows\.png: .*a name that ends in \.gif"):
        show_windows(run_in(workspace), options(tmp_path, "000000_10.png", "windows.png"))


def test_windows_around_objects_lie_on_the_picture(workspace: Workspace, tmp_path: Path):
    """A road and a car: two windows, and the picture as it is."""
    small_project(workspace)

    shown = show_windows(run_in(workspace), options(tmp_path, "000000_10.png", mode={"source": "bboxes"}))

    with Image.open(shown.file) as image:
        assert (image.size, image.n_frames) == ((8, 6), 3)


def test_a_picture_without_windows_is_refused(workspace: Workspace, tmp_path: Path):
    """Of the objects none is of the class."""
    small_project(workspace)
    mode = {"source": "bboxes", "from_classes": ["tree"]}

    with pytest.raises(DataError, match=r"000000_10\.png: the mode shows the network nothing"):
        show_windows(run_in(workspace), options(tmp_path, "000000_10.png", mode=mode))


def test_the_mode_whole_wants_a_model(workspace_of_models: Workspace, tmp_path: Path):
    """With one its picture is one window."""
    whole = options(tmp_path, "000.png", mode={"source": "whole", "window": {"width": 40, "height": 36}})
    of_squares = replace(whole, project="squares")

    shown = show_windows(run_in(workspace_of_models), replace(of_squares, model="m"))

    assert (shown.windows, shown.frames) == (1, 2)
    with pytest.raises(ConfigError, match="--model"):
        show_windows(run_in(workspace_of_models), of_squares)


def test_a_picture_that_is_not_there_is_named_with_the_nearest(workspace: Workspace, tmp_path: Path):
    """As lineage answers."""
    small_project(workspace)

    with pytest.raises(DataError, match=r"'000000_1\.png'; did you mean '000000_10\.png'"):
        show_windows(run_in(workspace), options(tmp_path, "000000_1.png"))
