"""Which class becomes which."""

from collections.abc import Callable
from functools import partial

import pytest

from kittiseg.dtl.mapping import add_class, check_shapes, convert_meta, copy_meta, map_class, map_meta
from kittiseg.errors import ConfigError
from kittiseg.project.meta import ProjectMeta
from tests.data.projects import meta_of

META = meta_of({"car": "bitmap", "bus": "bitmap", "sky": "bitmap", "lane": "line"}, tags=("day",))


def _refusal(meta: ProjectMeta, mapping: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        map_meta(meta, mapping)
    return [str(problem) for problem in caught.value.problems]


def _refused(change: Callable[..., ProjectMeta], mapping: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        change(META, mapping, **({"shape": "bitmap"} if change is convert_meta else {}))
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


@pytest.mark.parametrize("change", [map_meta, partial(convert_meta, shape="line"), copy_meta])
def test_mentioned_classes_come_before_the_others(change: Callable[..., ProjectMeta]) -> None:
    """Wherever ``__other__`` stands, as in 2018: so it is sky, not car, that gives the colour."""
    before = meta_of({"car": "bitmap", "sky": "bitmap"})

    after = change(before, {"__other__": "thing", "sky": "thing"})

    assert after.colors["thing"] == before.colors["sky"] != before.colors["car"]


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


def test_converted_classes_follow_in_the_order_of_the_mapping() -> None:
    """With the colour of the first that becomes each; classes that stay keep their places."""
    meta = convert_meta(META, {"lane": "mark", "car": "box", "bus": "box"}, shape="rectangle")

    assert list(meta.shapes.items()) == [("sky", "bitmap"), ("mark", "rectangle"), ("box", "rectangle")]
    assert meta.colors["box"] == META.colors["car"]
    assert meta.tags == META.tags


def test_a_class_may_be_converted_into_one_of_its_shape() -> None:
    """Itself, or another that stays."""
    meta = convert_meta(META, {"car": "car", "lane": "sky"}, shape="bitmap")

    assert meta == ProjectMeta(META.classes[:3], META.tags)


@pytest.mark.parametrize("mapping", [{"lane": "lane"}, {"bus": "lane"}])
def test_a_class_cannot_be_converted_in_place(mapping: dict[str, str]) -> None:
    """As in 2018: one name would have two shapes."""
    assert "cannot become 'lane' as a bitmap: that class is a line" in "".join(_refused(convert_meta, mapping))


@pytest.mark.parametrize("change", [convert_meta, copy_meta])
def test_conversions_know_only_classes_that_come(change: Callable[..., ProjectMeta]) -> None:
    (problem,) = _refused(change, {"cat": "animal"})

    assert problem == "/classes_mapping/cat: no class 'cat' comes to this layer; did you mean 'car'?"


def test_only_some_shapes_can_be_converted() -> None:
    """Classes of shape 'any' are judged figure by figure."""
    with pytest.raises(ConfigError, match=r"/classes_mapping/lane: 'lane' is a line; this layer takes only bitmap"):
        convert_meta(META, {"lane": "outline"}, shape="polygon", from_shapes=("bitmap",))

    loose = meta_of({"thing": "any"})
    assert convert_meta(loose, {"thing": "mask"}, shape="polygon", from_shapes=("bitmap",)).shapes == {
        "mask": "polygon"
    }


def test_copies_have_shape_and_colour_of_their_class() -> None:
    meta = copy_meta(META, {"lane": "stripe", "car": "bus", "__other__": "rest"})

    assert list(meta.shapes.items()) == [*META.shapes.items(), ("stripe", "line"), ("rest", "bitmap")]
    assert meta.colors["stripe"] == META.colors["lane"]
    assert meta.colors["bus"] == META.colors["bus"]


def test_a_copy_cannot_join_a_class_of_another_shape() -> None:
    assert _refused(copy_meta, {"car": "lane"}) == [
        "/classes_mapping/car: 'car' is a bitmap and cannot become 'lane', which is a line"
    ]


def test_a_new_class_goes_to_the_end_unless_it_is_there() -> None:
    assert list(add_class(META, "pole", shape="point", at="class").shapes) == ["car", "bus", "sky", "lane", "pole"]
    assert add_class(META, "lane", shape="line", at="class") is META


@pytest.mark.parametrize(
    ("name", "told"), [("lane", "is a line already"), ("__other__", "name of a class"), (" ", "na")]
)
def test_a_new_class_needs_a_name_that_is_free(name: str, told: str) -> None:
    with pytest.raises(ConfigError, match=f"/class: .*{told}"):
        add_class(META, name, shape="point", at="class")


def test_listed_classes_need_a_fitting_shape() -> None:
    """Every wrong one is told; those that do not come are none."""
    check_shapes(META, ("lane", "ghost"), shapes=("line", "polygon"), at="classes")

    with pytest.raises(ConfigError, match="line and polygon") as caught:
        check_shapes(META, ("car", "lane", "sky"), shapes=("line", "polygon"), at="classes")
    assert [problem.pointer for problem in caught.value.problems] == ["/classes/0", "/classes/2"]
