import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from kittiseg.dtl.examples import example_query
from kittiseg.dtl.layers import LAYERS
from kittiseg.pipeline.schemas import SCHEMAS, schema, tidied
from tests.data.programs import DATA, layer, query

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "kitti_vehicles"
FILES = {"transform": "transform.json", "train": "train.json", "predict": "infer.json", "tune": "tune.json"}


@pytest.fixture(scope="module")
def of_queries() -> Draft202012Validator:
    return Draft202012Validator(schema("transform"))


def told(validator: Draft202012Validator, document: Any) -> list[str]:
    return [error.message for error in validator.iter_errors(document)]


@pytest.mark.parametrize("stage", SCHEMAS)
def test_the_tutorial_s_file_is_valid(stage: str):
    """And the schema is one itself."""
    Draft202012Validator.check_schema(schema(stage))

    document = json.loads((CONFIGS / FILES[stage]).read_text(encoding="utf-8"))

    assert told(Draft202012Validator(schema(stage)), document) == []


def test_every_action_has_a_schema_with_descriptions():
    """What an editor shows when the pointer rests on a word."""
    definitions = schema("transform")["$defs"]

    assert set(LAYERS) <= set(definitions)
    assert all(definitions[action]["description"] for action in LAYERS)
    assert all(
        "description" in setting for part in definitions.values() for setting in part.get("properties", {}).values()
    )


@pytest.mark.parametrize("action", LAYERS)
def test_every_example_is_valid(of_queries: Draft202012Validator, action: str):
    """As it stands in the reference."""
    assert told(of_queries, example_query(action)) == []


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"multiply": 0}, "less than the minimum of 1"),
        ({"multiply": "six"}, "not of type 'integer'"),
        ({"multiply": 2, "more": 1}, "'more' was unexpected"),
        ({}, "'multiply' is a required property"),
    ],
)
def test_settings_are_checked(of_queries: Draft202012Validator, settings: dict[str, Any], word: str):
    """Ranges, types, unknown and missing words."""
    document = query(DATA, ("multiply", "$in", "$many", settings), save="$many")

    assert any(word in message for message in told(of_queries, document))


@pytest.mark.parametrize(
    "document",
    [
        [layer(*DATA)],
        [layer("supervisely", "$a", "out"), layer("dummy", "$a", "$b")],
        query(DATA, ("supervisely", "$in", "other"), save="$in"),
        query(DATA, ("dummy", "in", "$a"), save="$a"),
        query(DATA, ("dummy", "$in", "a"), save="$a"),
        query(DATA, ("zoom", "$in", "$a"), save="$a"),
        query(("data", "source", "$in", {"classes_mapping": "default"}), save="$in"),
        query(DATA, ("if", "$in", "$a", {"condition": {"probability": 0.5}}), save="$a"),
        query(DATA, ("if", "$in", ["$a", "$b"], {"condition": {"probability": 0.5, "min_width": 1}}), save="$a"),
    ],
    ids=["alone", "no data", "two saves", "src", "dst", "action", "place", "one dst", "two conditions"],
)
def test_queries_that_cannot_be_are_refused(of_queries: Draft202012Validator, document: Any):
    """Names, places, and how many layers of a kind there are."""
    assert told(of_queries, document)


def test_what_the_original_s_schemas_refused_is_refused(of_queries: Draft202012Validator, oracle: Path):
    """Of the recorded queries."""
    recorded = json.loads((oracle / "dtl" / "validation.json").read_text())["queries"]
    refused = [entry for entry in recorded if "ValidationError" in entry.get("error", "")]

    assert len(refused) > 15
    assert [entry["name"] for entry in refused if of_queries.is_valid(entry["query"])] == []


def test_null_stands_for_what_is_left_out_and_is_not_offered():
    """An editor that completes 'null' everywhere helps nobody."""
    made = tidied({"title": "Side", "anyOf": [{"type": "integer"}, {"type": "null"}], "default": None})

    assert made == {"type": "integer"}


def test_a_property_may_be_called_title():
    """Only titles that are words are noise."""
    document = {"properties": {"title": {"type": "string", "title": "Title"}}}

    assert tidied(document) == {"properties": {"title": {"type": "string"}}}
