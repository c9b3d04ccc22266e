"""Every action over six small pictures with objects of every shape, and what holds of it without the original."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kittiseg.config import parse
from kittiseg.dtl import Program, compile_graph
from kittiseg.dtl.layer import Router, Sink, Source, Surveyor, Transform
from kittiseg.dtl.layers import LAYERS
from kittiseg.engine import Engine
from kittiseg.pipeline import transform
from kittiseg.project.annotation import Annotation
from kittiseg.project.geometry import Size
from kittiseg.project.item import Item
from kittiseg.project.pixels import LazyImage
from kittiseg.project.shapes import Bitmap, Line, Polygon
from kittiseg.project.store import Workspace
from tests.data.every_action import SETTINGS
from tests.data.old_projects import OldProject
from tests.data.programs import draws, layer
from tests.data.projects import annotation_of, item_of
from tests.data.runs import digest_of_project, json_file, run_in
from tests.data.toy_projects import PICTURES, toy_annotation, toy_folder, toy_project

TRANSFORMS = [action for action, made in LAYERS.items() if issubclass(made, Transform)]


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> OldProject:
    return toy_folder(tmp_path_factory.mktemp("projects"))


def _settings(action: str) -> dict[str, Any]:
    return {} if LAYERS[action].free_settings else SETTINGS[action]


def _query(action: str) -> list[dict[str, Any]]:
    """The smallest query with that action."""
    made = LAYERS[action]
    start = layer(
        "data", "toy/*", "$in", _settings("data") if issubclass(made, Source) else {"classes_mapping": "default"}
    )
    if issubclass(made, Source):
        return [start, layer("supervisely", "$in", "out")]
    if issubclass(made, Sink):
        return [start, layer(action, "$in", "out", _settings(action))]
    dst: str | list[str] = ["$yes", "$no"] if issubclass(made, Router) else "$made"
    return [start, layer(action, "$in", dst, _settings(action)), layer("supervisely", dst, "out")]


def _program(query: list[dict[str, Any]], items: Iterable[Item], toy: OldProject) -> Program:
    """Ready to run: layers that ask for a pass over all pictures had it."""
    program = compile_graph(query, {"toy": toy.meta}, seed=0, source="query").with_sources([item.key for item in items])
    while program.undecided:
        notes: dict[int, dict[Any, Any]] = {}
        for item in items:
            for index, note in program.survey(item).items():
                notes.setdefault(index, {})[item.key] = note
        program = program.decide(notes)
    return program


@pytest.mark.parametrize("action", LAYERS)
def test_what_comes_out_fits_together(action: str, toy: OldProject) -> None:
    """Sizes agree, classes and tags are those that were declared, new classes are met with, no two names are one."""
    items = [toy.item(key) for key in toy.keys]
    program = _program(_query(action), items, toy)
    made = [program.run(item) for item in items]
    names = [(item.dataset, name) for one in made for item, name in zip(one.items, one.names, strict=True)]
    found: dict[str, str] = {}

    for item in (item for one in made for item in one.items):
        assert item.image.pixels().shape == (item.annotation.image.height, item.annotation.image.width, 3)
        assert item.image.pixels().dtype == np.uint8
        assert item.annotation.tag_names <= {tag.name for tag in program.meta.tags}
        found |= {figure.class_name: figure.shape.kind for figure in item.annotation.figures}

    assert len(names) == len(set(names)) > 0
    assert found.items() <= program.meta.shapes.items()
    assert program.meta.shapes.keys() - toy.meta.shapes.keys() <= found.keys()


@pytest.mark.parametrize("action", TRANSFORMS)
def test_nothing_is_written_to_what_came_in(action: str, toy: OldProject) -> None:
    """With pixels, masks and points that cannot be written to, nothing is missed."""
    items = [_frozen(toy.item(key)) for key in toy.keys]
    program = _program(_query(action), items, toy)

    for item in items:
        before = item.annotation.to_json()
        assert all(made.image.pixels().size for made in program(item))
        assert item.annotation.to_json() == before


def test_the_engine_does_not_show_in_the_bytes(workspace: Workspace, tmp_path: Path, ray_engine: Engine) -> None:
    """All actions side by side in one query, each on its own way to one project."""
    toy_project(workspace, tmp_path)
    ways = [action for action, made in LAYERS.items() if issubclass(made, Transform | Router | Surveyor)]
    query = [layer("data", "toy/*", "$in", {"classes_mapping": "default"})]
    for action in ways:
        dst: str | list[str] = f"${action}"
        if issubclass(LAYERS[action], Router):
            dst = [f"${action}", f"${action}"]
        query.append(layer(action, "$in", dst, _settings(action)))
        query.append(layer("dataset", f"${action}", f"$made_{action}", {"name": action}))
    query.append(layer("supervisely", [f"$made_{action}" for action in ways], "out"))
    path = json_file(tmp_path, "query", query)

    here = transform(run_in(workspace), path)
    files = digest_of_project(workspace, "out")
    there = transform(run_in(workspace, ray_engine), path, overwrite=True)

    assert here.datasets.keys() == set(ways)
    assert digest_of_project(workspace, "out") == files
    assert here.digest == there.digest


def test_jpeg_stays_jpeg(tmp_path: Path) -> None:
    """Mirrored ones are encoded anew, mirrored twice they are the file that they were."""
    toy = toy_folder(tmp_path, suffix=".jpg")
    flip = {"axis": "vertical"}
    query = [
        layer("data", "toy/*", "$in", {"classes_mapping": "default"}),
        layer("flip", "$in", "$once", flip),
        layer("flip", "$once", "$twice", flip),
        layer("supervisely", ["$once", "$twice"], "out"),
    ]
    items = [toy.item(key) for key in toy.keys]

    for item in items:
        made = _program(query, items, toy).run(item)
        twice, once = made.items  # the second mirror reads before the save layer does
        assert all(name.endswith(".jpg") for name in made.names)
        assert once.image.source is None
        assert twice.image.source is item.image.source is not None


@pytest.mark.parametrize("axis", ["vertical", "horizontal"])
def test_mirrored_twice_is_as_it_was(axis: str, toy: OldProject) -> None:
    """Pixels, masks, halves of pixels, holes, and what sticks out of the picture."""
    flip = {"action": "flip", "settings": {"axis": axis}}
    for key in toy.keys:
        item = toy.item(key)

        (once,) = _apply(flip, item)
        (twice,) = _apply(flip, once)

        assert np.array_equal(twice.image.pixels(), item.image.pixels())
        assert twice.annotation == item.annotation
        assert once.annotation != item.annotation


_px = st.integers(0, 12).map("{}px".format)
_exact_moves = st.one_of(
    st.sampled_from(["vertical", "horizontal"]).map(lambda axis: {"action": "flip", "settings": {"axis": axis}}),
    st.tuples(_px, _px, _px, _px).map(
        lambda cut: {
            "action": "crop",
            "settings": {"sides": dict(zip(("left", "top", "right", "bottom"), cut, strict=True))},
        }
    ),
    st.tuples(st.integers(5, 40), st.integers(5, 40)).map(
        lambda size: {
            "action": "sliding_window",
            "settings": {"window": {"width": size[0], "height": size[1]}, "min_overlap": {"x": 2, "y": 0}},
        }
    ),
)
_smooth_moves = st.one_of(
    st.tuples(st.integers(40, 150), st.integers(40, 150), st.booleans()).map(
        lambda to: {
            "action": "resize",
            "settings": {"width": to[0], "height": to[1], "aspect_ratio": {"keep": to[2]}},
        }
    ),
    st.tuples(st.floats(-180, 180), st.sampled_from(["keep", "crop", "preserve_size"])).map(
        lambda turn: {
            "action": "rotate",
            "settings": {
                "rotate_angles": {"min_degrees": turn[0], "max_degrees": turn[0]},
                "black_regions": {"mode": turn[1]},
            },
        }
    ),
)


@given(_exact_moves, st.sampled_from(list(PICTURES)))
@settings(deadline=None, max_examples=40)
def test_pixels_and_masks_move_as_one(move: dict[str, Any], place: str) -> None:
    """Where a picture shows its own masks, every picture made of it does."""
    for made in _apply(move, _showing_its_masks(place, "road", "ring")):
        assert np.array_equal(made.image.pixels()[..., 0] > 0, _covered(made.annotation))


@given(_smooth_moves, st.sampled_from(list(PICTURES)))
@settings(deadline=None, max_examples=60)
def test_smoothed_pixels_and_masks_move_together(move: dict[str, Any], place: str) -> None:
    """As before, up to 2 px along the border, where the picture is neither black nor white."""
    for made in _apply(move, _showing_its_masks(place, "ring")):  # roads may have teeth of 1 px, which get lost
        shown, covered = made.image.pixels()[..., 0] >= 128, _covered(made.annotation)

        assert not (_eroded(covered) & ~shown).any()
        assert not (_eroded(~covered) & shown).any()


def _apply(move: dict[str, Any], item: Item) -> list[Item]:
    made = parse(LAYERS[move["action"]], move["settings"], source="test")
    assert isinstance(made, Transform)
    return list(made.apply(item, draws()))


def _showing_its_masks(place: str, *classes: str) -> Item:
    """An item of the bitmaps of some classes of a toy picture, white on black."""
    size: Size = PICTURES[place]
    document = toy_annotation(list(PICTURES).index(place), size)
    document["objects"] = [entry for entry in document["objects"] if entry["classTitle"] in classes]
    annotation = Annotation.from_json(document, dict.fromkeys(classes, "bitmap"))
    image_hwc = np.where(_covered(annotation), np.uint8(255), np.uint8(0))[..., None].repeat(3, axis=2)
    item = item_of(annotation_of({}, size=size))
    return Item(key=item.key, image=LazyImage.from_array(image_hwc), annotation=annotation, dataset=item.dataset)


def _covered(annotation: Annotation) -> np.ndarray:
    return annotation.to_label_map({"road": 1, "ring": 1}) > 0


def _eroded(mask_hw: np.ndarray) -> np.ndarray:
    return cv2.erode(mask_hw.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)


def _frozen(item: Item) -> Item:
    item.image.pixels().flags.writeable = False
    for figure in item.annotation.figures:
        if isinstance(figure.shape, Bitmap):
            figure.shape.mask_hw.flags.writeable = False
        elif isinstance(figure.shape, Line):
            figure.shape.points.flags.writeable = False
        elif isinstance(figure.shape, Polygon):
            for ring in (figure.shape.exterior, *figure.shape.interior):
                ring.flags.writeable = False
    return item
