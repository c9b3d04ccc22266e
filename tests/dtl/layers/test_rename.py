"""Classes get other names."""

import pytest

from kittiseg.dtl.layers.rename import Rename
from kittiseg.errors import ConfigError
from tests.data.programs import no_draw, only
from tests.data.projects import annotation_of, item_of, meta_of, square

META = meta_of({"car": "bitmap", "bus": "bitmap", "sky": "bitmap", "lane": "line"})


def _names(mapping: dict[str, str]) -> list[str]:
    pair = {name: square(top=0, left=index, side=1) for index, name in enumerate(("sky", "car", "bus"))}
    made = only(Rename(classes_mapping=mapping).apply(item_of(annotation_of(pair)), no_draw))
    return [figure.class_name for figure in made.annotation.figures]


def test_what_is_not_mentioned_stays() -> None:
    mapping = {"bus": "vehicle", "car": "vehicle"}

    assert _names(mapping) == ["sky", "vehicle", "vehicle"]
    meta = Rename(classes_mapping=mapping).declare(META)
    assert list(meta.shapes) == ["sky", "lane", "vehicle"]
    assert meta.colors["vehicle"] == META.colors["bus"]


def test_words_of_the_language() -> None:
    mapping = {"car": "__ignore__", "sky": "__default__"}

    assert _names(mapping) == ["sky", "bus"]
    assert list(Rename(classes_mapping=mapping).declare(META).shapes) == ["bus", "sky", "lane"]


def test_other_is_heard() -> None:
    """The original put __default__ in its place, so that house and pole of its case 51 stayed."""
    mapping = {"car": "auto", "__other__": "__ignore__"}

    assert _names(mapping) == ["auto"]
    assert list(Rename(classes_mapping=mapping).declare(META).shapes) == ["auto"]


def test_a_class_that_does_not_come_is_a_mistake() -> None:
    with pytest.raises(ConfigError, match="/classes_mapping/cat: no class 'cat' comes to this layer"):
        Rename(classes_mapping={"cat": "dog"}).declare(META)
