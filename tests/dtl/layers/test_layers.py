"""What every layer promises, whichever it is."""

import pickle
import re
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import pytest

import kittiseg.dtl.layers
from kittiseg.config import Doc, parse
from kittiseg.dtl.layer import Layer, Router, Sink, Source, Transform
from kittiseg.dtl.layers import LAYERS
from kittiseg.project.item import Item
from tests.data.programs import META, RANDOM_CROP, draws
from tests.data.projects import annotation_of, item_of, one_of_each

SETTINGS: dict[str, dict[str, Any]] = {
    "crop": RANDOM_CROP,
    "data": {"classes_mapping": {"car": "vehicle", "bus": "vehicle", "__other__": "__default__"}},
    "dataset": {"name": "new"},
    "dummy": {"anything": "goes"},
    "flip": {"axis": "vertical"},
    "if": {"condition": {"probability": 0.5}},
    "multiply": {"multiply": 3},
    "supervisely": {},
    "tag": {"tag": "train", "action": "add"},
}


def _layer(action: str) -> Layer:
    made = LAYERS[action]
    return parse(made, {} if made.free_settings else SETTINGS[action], source="test")


def _item() -> Item:
    shapes = one_of_each()
    return item_of(annotation_of([("car", shapes["bitmap"]), ("lane", shapes["line"])], tags=("day",)))


def _outcome(layer: Layer, item: Item) -> Any:
    """What a layer makes of an item, as values that can be compared."""
    if isinstance(layer, Source):
        made = [layer.take(item)]
    elif isinstance(layer, Transform):
        made = list(layer.apply(item, draws()))
    else:
        return layer.choose(item, draws()) if isinstance(layer, Router) else isinstance(layer, Sink)
    return [(each.dataset, each.marks, each.annotation.to_json(), each.image.pixels().tolist()) for each in made]


def test_table_and_folder_agree() -> None:
    """Each action has a file of its name (if_.py, since 'if' is a word of Python), and each file an action."""
    folder = Path(kittiseg.dtl.layers.__file__).parent
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}

    assert set(LAYERS) == {name.removesuffix("_") for name in files}


def test_every_layer_is_tested_here() -> None:
    """A new layer joins these tests by its settings."""
    assert set(SETTINGS) == set(LAYERS)


@pytest.mark.parametrize("action", LAYERS)
def test_survives_pickling(action: str) -> None:
    """A worker does with a pickled layer what this process does."""
    layer = _layer(action)

    copy = pickle.loads(pickle.dumps(layer))

    assert copy == layer
    assert _outcome(copy, _item()) == _outcome(layer, _item())


@pytest.mark.parametrize("action", LAYERS)
def test_does_not_write_to_its_input(action: str) -> None:
    item = _item()
    pixels, document = item.image.pixels().copy(), item.annotation.to_json()

    _outcome(_layer(action), item)

    assert np.array_equal(item.image.pixels(), pixels)
    assert item.annotation.to_json() == document
    assert item.marks == ()


@pytest.mark.parametrize("action", LAYERS)
def test_pixels_and_annotation_have_one_size(action: str) -> None:
    layer = _layer(action)
    made = layer.apply(_item(), draws()) if isinstance(layer, Transform) else []

    for each in made:
        assert each.image.pixels().shape[:2] == (each.image.size.height, each.image.size.width)
        assert each.annotation.image == each.image.size


@pytest.mark.parametrize("action", LAYERS)
def test_adds_the_marks_that_it_announces(action: str) -> None:
    """Else two pictures could get one name without anybody knowing beforehand."""
    layer = _layer(action)
    if isinstance(layer, Transform):
        marks = [mark for each in layer.apply(_item(), draws()) for mark in each.marks]
        assert bool(marks) == bool(layer.mark)
        assert all(re.fullmatch(layer.mark, mark) for mark in marks)


@pytest.mark.parametrize("action", LAYERS)
def test_declares_the_classes_of_what_it_makes(action: str) -> None:
    """Every figure and tag that comes out is in the meta that was declared."""
    layer = _layer(action)
    meta = layer.declare(META)
    made = [layer.take(_item())] if isinstance(layer, Source) else []
    made += layer.apply(_item(), draws()) if isinstance(layer, Transform) else []

    for each in made:
        assert {figure.class_name for figure in each.annotation.figures} <= set(meta.shapes)
        assert each.annotation.tag_names <= {tag.name for tag in meta.tags}


@pytest.mark.parametrize("action", LAYERS)
def test_every_setting_is_described(action: str) -> None:
    made = LAYERS[action]
    hints = get_type_hints(made, include_extras=True)

    for entry in fields(made):  # type: ignore[arg-type]
        assert any(isinstance(part, Doc) for part in hints[entry.name].__metadata__), entry.name
