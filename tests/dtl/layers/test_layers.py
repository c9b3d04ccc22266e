"""What every layer promises, whichever it is."""

import pickle
import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import pytest

import kittiseg.dtl.layers
from kittiseg.config import Doc, parse
from kittiseg.dtl.layer import Layer, Router, Sink, Source, Transform
from kittiseg.dtl.layers import LAYERS
from kittiseg.errors import ConfigError
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.pixels import LazyImage
from tests.data.every_action import SETTINGS
from tests.data.programs import draws
from tests.data.projects import every_shape
from tests.data.toy_projects import META


def _layer(action: str) -> Layer:
    made = LAYERS[action]
    return parse(made, {} if made.free_settings else SETTINGS[action], source="test")


def _outcome(layer: Layer, item: Item) -> Any:
    """What a layer makes of an item, as values that can be compared."""
    if isinstance(layer, Source):
        made = [layer.take(item)]
    elif isinstance(layer, Transform):
        made = list(layer.apply(item, draws()))
    elif isinstance(layer, Sink):
        extras = layer.extras(item, ProjectMeta.from_json(META))
        return layer.layout, [(folder, image_hwc.tolist()) for folder, image_hwc in extras]
    else:
        return layer.choose(item, draws()) if isinstance(layer, Router) else None
    return [_shown(each) for each in made]


def _shown(item: Item) -> Any:
    return (item.dataset, item.marks, item.annotation.to_json(), item.image.pixels().tolist())


def test_table_and_folder_agree() -> None:
    """Each action has a file of its name (if_.py, since 'if' is a word of Python), and each file an action."""
    folder = Path(kittiseg.dtl.layers.__file__).parent
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}

    assert set(LAYERS) == {name.removesuffix("_") for name in files}


def test_every_layer_is_tested_here() -> None:
    """A new layer joins these tests by its settings in tests/data/every_action.py."""
    assert set(SETTINGS) == set(LAYERS)


@pytest.mark.parametrize("action", LAYERS)
def test_survives_pickling(action: str) -> None:
    """A worker does with a pickled layer what this process does."""
    layer = _layer(action)

    copy = pickle.loads(pickle.dumps(layer))

    assert copy == layer
    assert _outcome(copy, every_shape()) == _outcome(layer, every_shape())


@pytest.mark.parametrize("action", sorted(set(LAYERS) - {"dummy", "color_class", "restore_annotation_scale"}))
def test_has_something_to_do(action: str) -> None:
    """Else the other tests here would say nothing of it.

    ``color_class`` changes the meta alone; ``restore_annotation_scale`` undoes what another layer did.
    """
    layer, item = _layer(action), every_shape()
    if isinstance(layer, Transform):
        assert _outcome(layer, item) != [_shown(item)]


@pytest.mark.parametrize("action", LAYERS)
def test_does_not_write_to_its_input(action: str) -> None:
    item = every_shape()
    pixels, document = item.image.pixels().copy(), item.annotation.to_json()

    _outcome(_layer(action), item)

    assert np.array_equal(item.image.pixels(), pixels)
    assert item.annotation.to_json() == document
    assert item.marks == ()


@pytest.mark.parametrize("action", LAYERS)
def test_pixels_and_annotation_have_one_size(action: str) -> None:
    layer = _layer(action)
    made = layer.apply(every_shape(), draws()) if isinstance(layer, Transform) else []

    for each in made:
        assert each.image.pixels().shape[:2] == (each.image.size.height, each.image.size.width)
        assert each.annotation.image == each.image.size


@pytest.mark.parametrize("action", LAYERS)
def test_adds_the_marks_that_it_announces(action: str) -> None:
    """Else two pictures could get one name without anybody knowing beforehand."""
    layer = _layer(action)
    if isinstance(layer, Transform):
        marks = [mark for each in layer.apply(every_shape(), draws()) for mark in each.marks]
        assert bool(marks) == bool(layer.mark)
        assert all(re.fullmatch(layer.mark, mark) for mark in marks)


@pytest.mark.parametrize("action", LAYERS)
def test_tells_whether_it_changes_pixels(action: str) -> None:
    """Else a recipe would be refused too late, or for nothing."""
    layer, item = _layer(action), every_shape()
    of_a_file = replace(item, image=LazyImage(item.image.size, item.image.pixels, file=lambda: b""))
    if isinstance(layer, Transform):
        made = list(layer.apply(of_a_file, draws()))
        assert layer.repaints == any(each.image.view is None for each in made)


@pytest.mark.parametrize("action", LAYERS)
def test_declares_the_classes_of_what_it_makes(action: str) -> None:
    """Every figure and tag that comes out is in the meta that was declared, and every figure has its class's shape."""
    layer = _layer(action)
    meta = layer.declare(ProjectMeta.from_json(META))
    made = [layer.take(every_shape())] if isinstance(layer, Source) else []
    made += layer.apply(every_shape(), draws()) if isinstance(layer, Transform) else []

    for each in made:
        found = {figure.class_name: figure.shape.kind for figure in each.annotation.figures}
        assert found.items() <= meta.shapes.items()
        assert each.annotation.tag_names <= {tag.name for tag in meta.tags}


@pytest.mark.parametrize("action", LAYERS)
def test_every_setting_is_described(action: str) -> None:
    made = LAYERS[action]
    hints = get_type_hints(made, include_extras=True)

    for entry in fields(made):  # type: ignore[arg-type]
        assert any(isinstance(part, Doc) for part in hints[entry.name].__metadata__), entry.name


@pytest.mark.parametrize(
    ("action", "wrong"),
    [
        ("approx_vector", {"classes": [], "epsilon": 1e300}),
        ("blur", {"name": "gaussian", "sigma": {"min": 1e9, "max": 1e9}}),
        ("noise", {"mean": 1e300, "std": 0}),
        ("resize", {"width": 10**30, "height": -1, "aspect_ratio": {"keep": True}}),
        ("rotate", {"rotate_angles": {"min_degrees": 0, "max_degrees": 1.7e308}, "black_regions": {"mode": "keep"}}),
    ],
)
def test_numbers_that_no_picture_stands_are_refused(action: str, wrong: dict[str, Any]) -> None:
    """Before a picture is read, rather than by a library that cannot name the setting."""
    with pytest.raises(ConfigError, match="less than or equal to"):
        parse(LAYERS[action], wrong, source="test")
