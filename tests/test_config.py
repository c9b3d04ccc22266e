"""JSON to settings and back."""

import json
import pickle
from dataclasses import FrozenInstanceError, field
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Ge, Gt, Le, MinLen

from kittiseg import config
from kittiseg.config import Doc, OneOf, Wanted, settings
from kittiseg.errors import ConfigError, Problem


@settings
class FullImage:
    source: Literal["full_image"]
    scale: Annotated[float, Gt(0)] = 1.0


@settings
class SlidingWindow:
    source: Literal["sliding_window"]
    height: Annotated[int, Ge(1)]
    colour: Literal["red", "blue"] = "red"


@settings
class RandomPart:
    percent: Annotated[float, Ge(0), Le(100)]


@settings
class Sides:
    left: str = "0px"


@settings
class Job:
    mode: Annotated[FullImage | SlidingWindow, OneOf("source"), Doc("where the network looks")] = FullImage(
        source="full_image"
    )
    plain: FullImage | SlidingWindow | None = None
    crop: RandomPart | Sides = Sides()
    mapping: Literal["default"] | dict[str, str] = "default"
    lr: Annotated[float, Gt(0), Doc("learning rate")] = 0.001
    count: int = 1
    threads: int | None = None
    amp: bool = False
    axis: Literal["vertical", "horizontal"] = "vertical"
    size: tuple[int, int] = (256, 256)
    stages: Annotated[tuple[int, ...], MinLen(2)] = (8, 16)
    sizes: Annotated[tuple[int, ...], MinLen(1)] | None = None
    sign: Annotated[Literal["<"], Wanted("<, for > swap the sides")] = "<"
    names: list[str] = field(default_factory=list)
    weights: dict[str, Annotated[float, Ge(0)]] = field(default_factory=dict)
    steps: tuple[RandomPart, ...] = ()

    def __post_init__(self) -> None:
        if self.amp and self.count > 1:
            raise ValueError("amp works with one device only")


def problems(**document: Any) -> list[str]:
    made, found = config.try_parse(Job, document)
    assert (made is None) == bool(found)
    return [str(problem) for problem in found]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"contu": 2}, "/contu: unknown key 'contu'; did you mean 'count'?"),
        ({"lr": "fast"}, '/lr: input should be a valid number, not "fast"'),
        ({"lr": 0}, "/lr: input should be greater than 0, not 0"),
        ({"lr": float("nan")}, "/lr: input should be a finite number, not NaN"),
        ({"lr": float("inf")}, "/lr: input should be a finite number, not Infinity"),
        ({"lr": True}, "/lr: input should be a valid number, not true"),
        ({"count": True}, "/count: input should be a valid integer, not true"),
        ({"count": 1.5}, "/count: input should be a valid integer, not 1.5"),
        ({"count": "1"}, '/count: input should be a valid integer, not "1"'),
        ({"count": None}, "/count: input should be a valid integer, not null"),
        ({"threads": "all"}, '/threads: input should be a valid integer, not "all"'),
        ({"amp": 1}, "/amp: input should be a valid boolean, not 1"),
        ({"amp": True, "count": 2}, "/: amp works with one device only"),
        ({"axis": "verticl"}, "/axis: input should be 'vertical' or 'horizontal', not \"verticl\""),
        ({"size": [256]}, "/size/1: is required and missing"),
        ({"size": [1, 2, 3]}, "/size: tuple should have at most 2 items, not 3"),
        ({"stages": [8]}, "/stages: tuple should have at least 2 items, not 1"),
        ({"sizes": []}, "/sizes: is empty; give at least one"),
        ({"sign": ">"}, '/sign: input should be <, for > swap the sides, not ">"'),
        ({"size": [256, "x"]}, '/size/1: input should be a valid integer, not "x"'),
        ({"names": "car"}, '/names: input should be a valid array, not "car"'),
        ({"names": ["car", 3]}, "/names/1: input should be a valid string, not 3"),
        ({"weights": {"a/b": -1}}, '/weights/"a/b": input should be greater than or equal to 0, not -1'),
        (
            {"steps": [{"percent": 5}, {"percnt": 5, "percent": 1}]},
            "/steps/1/percnt: unknown key 'percnt'; did you mean 'percent'?",
        ),
        ({"steps": [{}]}, "/steps/0/percent: is required and missing"),
        ({"steps": [7]}, "/steps/0: input should be an object, not 7"),
    ],
)
def test_each_kind_of_problem_has_its_place_and_a_sentence(document: dict[str, Any], expected: str):
    """One problem, one line: the JSON pointer, what was wanted, what came."""
    assert problems(**document) == [expected]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"source": "full"}, "/source: {tag}"),
        ({}, "/source: is required and missing"),
        (3, ": input should be an object, not 3"),
        ({"source": "full_image", "scal": 2.0}, "/scal: unknown key 'scal'; did you mean 'scale'?"),
        ({"source": "full_image", "height": 2}, "/height: unknown key 'height'; known: scale, source"),
        ({"source": "sliding_window"}, "/height: is required and missing"),
        ({"source": "sliding_window", "height": 0}, "/height: input should be greater than or equal to 1, not 0"),
        ({"source": "sliding_window", "height": "1"}, '/height: input should be a valid integer, not "1"'),
        (
            {"source": "sliding_window", "height": 1, "colour": "rd"},
            "/colour: input should be 'red' or 'blue', not \"rd\"",
        ),
    ],
)
@pytest.mark.parametrize("key", ["mode", "plain"])
def test_a_union_speaks_of_the_class_that_was_meant(key: str, document: Any, expected: str):
    """What the other classes of a union would have wanted is not told, marked by OneOf or not."""
    tag = {
        "mode": "'full' is not known; known: full_image, sliding_window",
        "plain": "input should be 'full_image' or 'sliding_window', not \"full\"",
    }
    assert problems(**{key: document}) == [f"/{key}{expected.replace('{tag}', tag[key])}"]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"percent": 101}, "/crop/percent: input should be less than or equal to 100, not 101"),
        ({"left": 5}, "/crop/left: input should be a valid string, not 5"),
        ("left", '/crop: input should be an object, not "left"'),
    ],
)
def test_a_union_without_a_marking_field_takes_the_nearest_class(document: Any, expected: str):
    """Of classes told apart by their keys, the one with the fewest problems speaks."""
    assert problems(crop=document) == [expected]


def test_a_union_of_kinds_names_every_kind():
    """A word or an object: where neither came, both wishes stand in one sentence."""
    assert problems(mapping="defalt") == ["/mapping: input should be 'default' or an object, not \"defalt\""]
    assert problems(mapping={"car": 1}) == ["/mapping/car: input should be a valid string, not 1"]


def test_all_problems_come_at_once():
    """Five slips in one document are five problems of one error, each under the document's own place."""
    document = {"lr": -1, "count": "2", "contu": 1, "steps": [{"percent": 200}], "mode": {"source": "?"}}

    with pytest.raises(ConfigError, match=r"tune\.json: 5 problems") as caught:
        config.parse(Job, document, source="tune.json", at="/base/3")

    assert {problem.pointer for problem in caught.value.problems} == {
        "/base/3/lr", "/base/3/count", "/base/3/contu", "/base/3/steps/0/percent", "/base/3/mode/source",
    }  # fmt: skip


@pytest.mark.parametrize("document", [[], None, 3, "text"])
def test_a_document_that_is_no_object_is_refused(document: Any):
    """Settings are an object."""
    assert config.try_parse(Job, document)[1] == [
        Problem("", f"input should be an object, not {json.dumps(document)}"),
    ]


def test_long_values_are_shortened():
    """A problem stays one readable line."""
    [problem] = problems(lr="x" * 500)

    assert len(problem) < 160
    assert problem.endswith("...")


def test_whole_numbers_may_stand_for_floats():
    """``"lr": 1`` is what people write."""
    made = config.parse(Job, {"lr": 1}, source="x")

    assert made.lr == 1.0
    assert isinstance(made.lr, float)


def test_settings_round_trip_through_json():
    """What ``to_json`` gives is plain JSON, and reads back equal; nested classes and unions included."""
    job = Job(
        mode=SlidingWindow(source="sliding_window", height=3),
        crop=RandomPart(percent=30.0),
        mapping={"car": "vehicle"},
        threads=2,
        size=(3, 4),
        weights={"a/b": 0.5},
        steps=(RandomPart(percent=1.0), RandomPart(percent=2.0)),
    )

    again = config.parse(Job, json.loads(json.dumps(config.to_json(job))), source="x")

    assert again == job
    assert again.size == (3, 4)


def test_defaults_round_trip_too():
    """A document of nothing is the class's defaults."""
    assert config.parse(Job, {}, source="x") == Job()
    assert config.parse(Job, config.to_json(Job()), source="x") == Job()


def test_settings_are_frozen_and_can_be_pickled():
    """They travel to workers, and nobody changes them on the way."""
    job = Job(count=3)

    assert pickle.loads(pickle.dumps(job)) == job
    with pytest.raises(FrozenInstanceError):
        job.count = 4  # type: ignore[misc]


@config.settings
class Described:
    """A class of two described fields."""

    count: Annotated[int, Ge(1), config.Doc("how many")] = 1
    job: Annotated[Job, config.Doc("which")]


def test_the_schema_knows_every_field():
    """The generated reference has something to read."""
    assert {"mode", "lr", "axis"} <= set(config.json_schema(Job)["properties"])


def test_the_schema_has_the_descriptions():
    """Editors show them, beside a class's own as well."""
    made = config.json_schema(Described)["properties"]

    assert made["count"] == {"type": "integer", "minimum": 1, "description": "how many", "default": 1, "title": "Count"}
    assert made["job"]["description"] == "which"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"lr": 1, "lr": 2}', "the key 'lr' stands twice in one object"),
        ('{"lr": NaN}', "NaN is no JSON number"),
        ('{"lr": "\\ud800"}', "surrogates not allowed"),
        ('{"lr": -Infinity}', "-Infinity is no JSON number"),
        ('{"lr": 1,}', "line 1 column"),
        ("", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_a_file_that_is_no_json_is_named(tmp_path: Path, text: str, message: str):
    """The error names the file, and the place or the reason."""
    path = tmp_path / "train.json"
    path.write_text(text)

    with pytest.raises(ConfigError, match=message) as caught:
        config.read_json(path)
    assert str(path) in str(caught.value)


def test_a_number_beyond_floats_is_refused(tmp_path: Path):
    """1e999 is JSON, but Python makes infinity of it."""
    path = tmp_path / "train.json"
    path.write_text('{"lr": 1e999}')

    with pytest.raises(ConfigError, match="/lr: input should be a finite number"):
        config.load(Job, path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path):
    """Missing, a folder, not UTF-8: a ConfigError with the path."""
    binary = tmp_path / "binary.json"
    binary.write_bytes(b"\xff\xfe{}")

    with pytest.raises(ConfigError, match="no such file"):
        config.read_json(tmp_path / "none.json")
    for path in (tmp_path, binary):
        with pytest.raises(ConfigError, match="cannot be read") as caught:
            config.read_json(path)
        assert str(path) in str(caught.value)


def test_load_reads_a_file_with_a_byte_order_mark(tmp_path: Path):
    """Editors on Windows put one at the beginning."""
    path = tmp_path / "train.json"
    path.write_text('{"count": 5}', encoding="utf-8-sig")

    assert config.load(Job, path) == Job(count=5)


def test_did_you_mean_offers_the_nearest_word_or_all():
    """A slip of the finger gets one word, anything else the list."""
    assert config.did_you_mean("corp", ["flip", "crop"]) == "; did you mean 'crop'?"
    assert config.did_you_mean("zzz", ["flip", "crop"]) == "; known: crop, flip"
    assert config.did_you_mean("zzz", []) == ""


def test_pointer_escapes_as_rfc_6901_has_it():
    """A slash in a key is ~1, a tilde ~0."""
    assert config.pointer(8, "settings", "a/b~c") == "/8/settings/a~1b~0c"
    assert config.pointer() == ""
