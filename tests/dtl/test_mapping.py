"""Which class becomes which."""

import pytest

from kittiseg.dtl.mapping import map_class, map_meta
from kittiseg.errors import ConfigError
from kittiseg.project.meta import ProjectMeta
from tests.data.projects import meta_of

META = meta_of({"car": "bitmap", "bus": "bitmap", "sky": "bitmap", "lane": "line"}, tags=("day",))


def _refusal(meta: ProjectMeta, mapping: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        map_meta(meta, mapping)
    return [str(problem) for problem in caught.value.problems]


def test_special_words() -> None:
    mapping = {"car": "vehicle", "bus": "__default__", "sky": "__ignore__", "__other__": "rest"}

    assert [map_class(name, mapping) for name in ("car", "bus", "sky", "lane")] == ["vehicle", "bus", None, "rest"]


def test_merged_class_takes_the_colour_of_the_first_key() -> None:
    """The first in the mapping, not in the project; and it goes to the end."""
    meta = map_meta(META, {"bus": "vehicle", "car": "vehicle", "__other__": "__default__"})

    assert list(meta.shapes) == ["sky", "lane", "vehicle"]
    assert meta.colors["vehicle"] == META.colors["bus"]
    assert meta.tags == META.tags


def test_a_class_mapped_to_itself_keeps_its_place() -> None:
    meta = map_meta(META, {"bus": "bus", "car": "auto", "sky": "sky", "__other__": "__ignore__"})

    assert list(meta.shapes) == ["bus", "sky", "auto"]


def test_merging_into_a_class_that_stays_keeps_its_colour() -> None:
    meta = map_meta(META, {"car": "bus", "__other__": "__default__"})

    assert list(meta.shapes) == ["bus", "sky", "lane"]
    assert meta.colors["bus"] == META.colors["bus"]


def test_classes_may_change_names() -> None:
    meta = map_meta(META, {"car": "bus", "bus": "car", "__other__": "__ignore__"})

    assert meta.colors == {"bus": META.colors["car"], "car": META.colors["bus"]}


def test_every_wrong_key_is_told_with_the_nearest_class() -> None:
    assert _refusal(META, {"cat": "vehicle", "skyy": "__ignore__", "__other__": "__ignore__"}) == [
        "/classes_mapping/cat: no class 'cat' comes to this layer; did you mean 'car'?",
        "/classes_mapping/skyy: no class 'skyy' comes to this layer; did you mean 'sky'?",
    ]


def test_misspelt_special_words() -> None:
    (value, key, uncovered) = _refusal(META, {"car": "__ignor__", "__othr__": "__ignore__"})

    assert value.endswith("did you mean '__ignore__'?")
    assert key.endswith("did you mean '__other__'?")
    assert "'bus', 'sky', 'lane'" in uncovered


def test_classes_that_are_not_covered() -> None:
    (problem,) = _refusal(META, {})

    assert "what becomes of 'car', 'bus', 'sky', 'lane'; add \"__other__\"" in problem


def test_a_project_without_classes_needs_no_mapping() -> None:
    assert map_meta(meta_of({}), {}) == meta_of({})


def test_one_name_has_one_shape() -> None:
    """A line can neither join bitmaps nor take the name of one that stays."""
    assert _refusal(META, {"car": "thing", "lane": "thing", "__other__": "__ignore__"}) == [
        "/classes_mapping/lane: 'lane' is a line and cannot become 'thing', which is a bitmap"
    ]
    assert _refusal(META, {"lane": "sky", "__other__": "__default__"}) == [
        "/classes_mapping/lane: 'lane' is a line and cannot become 'sky', which is a bitmap"
    ]


def test_the_name_of_a_dropped_class_is_free() -> None:
    meta = map_meta(META, {"lane": "sky", "sky": "__ignore__", "__other__": "__ignore__"})

    assert meta.shapes == {"sky": "line"}


@pytest.mark.parametrize("name", ["", " "])
def test_a_class_has_a_name(name: str) -> None:
    assert "wanted a class" in _refusal(META, {"car": name, "__other__": "__ignore__"})[0]
