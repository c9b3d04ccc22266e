"""The modes: what of a picture is scored, by which windows, and which rectangles are written."""

from typing import Any, get_args

import pytest

from kittiseg.config import parse
from kittiseg.errors import ConfigError, DataError
from kittiseg.inference.config import AnyMode, InferenceConfig, WholeSettings
from kittiseg.inference.modes import MODES, Mode, Sight, make_mode, window_count
from kittiseg.inference.regions import Region
from kittiseg.project.annotation import Annotation
from kittiseg.project.geometry import Size, Window
from tests.data.projects import annotation_of, meta_of, square

SIGHT = Sight(Size(height=64, width=32), step=16, halo=48)


def mode_of(source: str, **fields: Any) -> Mode:
    config = parse(InferenceConfig, {"mode": {"source": source, **fields}}, source="a test")
    return make_mode(config.mode, SIGHT)


def sliding(*, window: tuple[int, int] = (4, 4), overlap: tuple[float, float] = (0, 0), **fields: Any) -> Mode:
    """Width and height, x and y, as the JSON has them."""
    return mode_of(
        "sliding_window",
        window=dict(zip(("width", "height"), window, strict=True)),
        min_overlap=dict(zip(("x", "y"), overlap, strict=True)),
        **fields,
    )


def blank(*, height: int, width: int) -> Annotation:
    return Annotation(Size(height=height, width=width))


def only_region(mode: Mode, source: Annotation) -> Region:
    (region,) = mode.regions(source)
    return region


def test_every_mode_that_a_config_can_name_is_in_the_table():
    """The words of the settings and those of MODES are the same."""
    assert {settings().source for settings in get_args(AnyMode)} == set(MODES)


def test_full_image_is_one_window():
    """The whole picture, and no rectangles."""
    mode, source = mode_of("full_image"), blank(height=3, width=5)

    region = only_region(mode, source)

    assert region.place == Window.whole(source.image)
    assert region.grid.windows == [Window.whole(source.image)]
    assert (mode.marks(source), mode.mark_classes(meta_of({}))) == ([], [])


def test_sliding_windows_lie_on_the_picture():
    """A picture that is large enough is its own canvas."""
    region = only_region(sliding(overlap=(1, 0)), blank(height=4, width=9))

    assert region.grid.canvas == region.place.size == Size(height=4, width=9)
    assert [(w.top, w.left) for w in region.grid.windows] == [(0, 0), (0, 3), (0, 5)]


@pytest.mark.parametrize("height", [1, 3])
def test_a_picture_smaller_than_the_window_gets_a_larger_canvas(height: int):
    """Only the axis that is too short grows."""
    region = only_region(sliding(), blank(height=height, width=6))

    assert region.grid.canvas == Size(height=4, width=6)
    assert [(w.top, w.left) for w in region.grid.windows] == [(0, 0), (0, 2)]


def test_an_overlap_can_be_a_part_of_the_window():
    """Half of 4 px along x, 1 px along y."""
    region = only_region(sliding(overlap=(0.5, 1)), blank(height=7, width=8))

    assert region.grid.columns.starts == (0, 2, 4)
    assert region.grid.rows.starts == (0, 3)


def test_placement_and_blend_reach_the_grid():
    """Two px of 42 are no reason for a second row of windows."""
    region = only_region(sliding(window=(40, 40), placement="fit", blend="hann"), blank(height=42, width=90))

    assert (region.grid.window, region.grid.count) == (Size(height=42, width=40), 3)
    assert region.grid.blend == "hann"


def test_rectangles_are_the_windows_without_what_was_padded():
    """One row above and two below are padding: the rectangles end with the picture."""
    mode = sliding(save=True)

    assert mode.mark_classes(meta_of({})) == ["sliding_window"]
    assert mode.marks(blank(height=1, width=6)) == [
        ("sliding_window", Window(top=0, left=0, height=1, width=4)),
        ("sliding_window", Window(top=0, left=2, height=1, width=4)),
    ]


def test_windows_are_no_objects_unless_saved():
    """``save`` false: no class for them, and no rectangle."""
    for mode in (sliding(), mode_of("roi"), mode_of("bboxes")):
        assert mode.mark_classes(meta_of({"car": "rectangle"})) == mode.marks(blank(height=9, width=9)) == []


def test_roi_cuts_off_the_sides():
    """Percent of the picture's side, cut off to whole px; the rest is one window."""
    mode, source = mode_of("roi", bounds={"left": "10%", "top": "2px"}, save=True), blank(height=9, width=19)
    left = Window(top=2, left=1, height=7, width=18)

    region = only_region(mode, source)

    assert (region.place, region.grid.windows) == (left, [Window(top=0, left=0, height=7, width=18)])
    assert (mode.mark_classes(meta_of({})), mode.marks(source)) == (["inference_roi"], [("inference_roi", left)])


@pytest.mark.parametrize("bounds", [{"left": "10px", "right": "9px"}, {"top": "100%"}, {"bottom": "2000px"}])
def test_a_roi_of_nothing_is_an_error_of_the_picture(bounds: dict[str, str]):
    """As in 2018; here it names what to do."""
    with pytest.raises(DataError, match=r"leave nothing of a picture of 19 x 9 px; make them smaller"):
        mode_of("roi", bounds=bounds).regions(blank(height=9, width=19))


def test_bboxes_are_windows_around_objects():
    """Padded by px or percent of the box, cut off at the picture's edge, in the objects' order."""
    mode = mode_of("bboxes", from_classes=["car"], padding={"left": "1px", "right": "50%", "top": "-1px"}, save=True)
    source = annotation_of({"road": square(top=0, left=0, side=6), "car": square(top=1, left=3, side=4)})
    assert source.image == Size(height=6, width=8)
    around = Window(top=2, left=2, height=3, width=6)

    assert [region.place for region in mode.regions(source)] == [around]
    assert mode.mark_classes(meta_of({"road": "bitmap", "car": "bitmap"})) == ["car_input_bbox"]
    assert mode.marks(source) == [("car_input_bbox", around)]


def test_an_object_of_which_the_padding_leaves_nothing_is_passed_over():
    """And a picture without objects has no window at all."""
    source = annotation_of({"car": square(top=1, left=3, side=4)})

    assert mode_of("bboxes", padding={"left": "-50%", "right": "-50%"}).regions(source) == []
    assert mode_of("bboxes").regions(blank(height=6, width=8)) == []
    assert window_count(mode_of("bboxes").regions(source)) == 1


def test_whole_shows_a_picture_at_the_scale_of_windows():
    """Windows of 20 x 10 px fill an input of 32 x 64: 100 x 22 px make 160 x 140.8, to multiples of 16."""
    mode = mode_of("whole", window={"width": 20, "height": 10})

    region = only_region(mode, blank(height=22, width=100))

    assert region.grid.windows == [region.place]
    assert region.input_size == Size(height=144, width=160)


def test_whole_without_a_network_is_refused():
    """It says how to name one."""
    with pytest.raises(ConfigError, match=r"/mode/source: 'whole' depends on .*--model"):
        make_mode(WholeSettings())


def test_whole_cuts_large_pictures_into_tiles_with_halos():
    """Six windows a tile; a halo of 48 px of input is 48 * 20 / 32 = 30 px of the picture."""
    mode = mode_of("whole", window={"width": 20, "height": 10})

    region = only_region(mode, blank(height=10, width=300))

    columns = region.grid.columns
    assert (columns.window, columns.halo, columns.starts) == (120, 30, (0, 60, 120, 180))
    assert columns.cores == ((0, 90), (90, 150), (150, 210), (210, 300))
    assert region.input_size == Size(height=64, width=192)
