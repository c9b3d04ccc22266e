"""The JSON Schema of a query (draft 2020-12), made from the layers' classes: editors complete and check by it.

It says what can be said of a layer alone, and of ranges in it; how layers fit together only ``compile_graph`` knows.
"""

from collections.abc import Sequence
from typing import Any

from kittiseg.config import json_schema
from kittiseg.dtl.layer import Layer, Router, Sink, Source
from kittiseg.dtl.layers import LAYERS

Schema = dict[str, Any]

_LINK = {"type": "string", "pattern": r"^(\$.*|null)$"}
_PLACE = {"type": "string", "pattern": r"^[^$*/][^/]*/[^/]+$"}
_PROJECT = {"type": "string", "pattern": r"^[^$.]"}


def query_schema() -> Schema:
    """The schema of a whole query; each action's settings lie in ``$defs`` under the action's name."""
    definitions: Schema = {}
    for action, made in LAYERS.items():
        definitions |= _definitions(action, made)
    return {
        "description": "A query: a list of layers: pictures come in by data layers and leave by the one save layer.",
        "type": "array",
        "items": {
            "type": "object",
            "required": ["action", "src", "dst", "settings"],
            "additionalProperties": False,
            "properties": {
                "action": {"description": "what the layer does", "enum": list(LAYERS)},
                "src": {"description": "what it reads: $names, or project/dataset for data", **_strings(minItems=1)},
                "dst": {"description": "the $name that it writes, two for if, the project for a save layer"},
                "settings": {"description": "how it does it", "type": "object"},
            },
            "allOf": [_rule(action, made) for action, made in LAYERS.items()],
        },
        "minItems": 2,
        "allOf": [
            {"contains": _one_of_kind(Source)},
            {"contains": _one_of_kind(Sink), "minContains": 1, "maxContains": 1},
        ],
        "$defs": definitions,
    }


def _rule(action: str, made: type[Layer]) -> Schema:
    """What holds where a layer has this action."""
    src = {"items": _PLACE if issubclass(made, Source) else {"type": "string", "pattern": r"^\$"}}
    name = _PROJECT if issubclass(made, Sink) else _LINK
    dst: Schema = {"type": "array", "items": name, "minItems": 2, "maxItems": 2} if issubclass(made, Router) else name
    return {
        "if": {"properties": {"action": {"const": action}}, "required": ["action"]},
        "then": {"properties": {"src": src, "dst": dst, "settings": {"$ref": f"#/$defs/{action}"}}},
    }


def _definitions(action: str, made: type[Layer]) -> Schema:
    """The schema of an action's settings, and of the classes inside it, whose names get the action's before them."""
    if made.free_settings:
        return {action: {"type": "object", "description": (made.__doc__ or "").strip()}}
    schema = json_schema(made)
    inner = schema.pop("$defs", {})
    names = {f"#/$defs/{name}": f"#/$defs/{action}.{name}" for name in inner}
    for path, rule in RULES.get(action, {}).items():
        place = inner[path] if path else schema
        place["allOf"] = [*place.get("allOf", ()), rule]
    found = {action: schema, **{f"{action}.{name}": part for name, part in inner.items()}}
    return {name: _referring(part, names) for name, part in found.items()}


def _referring(part: Any, names: dict[str, str]) -> Any:
    """A schema whose references have other names."""
    if isinstance(part, dict):
        return {
            key: names.get(value, value) if key == "$ref" else _referring(value, names) for key, value in part.items()
        }
    return [_referring(each, names) for each in part] if isinstance(part, list) else part


def _one_of_kind(kind: type[Layer]) -> Schema:
    actions = [action for action, made in LAYERS.items() if issubclass(made, kind)]
    return {"properties": {"action": {"enum": actions}}, "required": ["action"]}


def _strings(**rules: int) -> Schema:
    return {"type": "array", "items": {"type": "string"}, **rules}


def _exactly_one(*groups: Sequence[str]) -> Schema:
    return {"oneOf": [{"required": list(group)} for group in groups]}


def _where(name: str, word: str, then: Schema) -> Schema:
    return {"if": {"properties": {name: {"const": word}}}, "then": then}


RULES: dict[str, dict[str, Schema]] = {
    "crop": {"": _exactly_one(["random_part"], ["sides"])},
    "crop_annotation": {"": _exactly_one(["random_part"], ["sides"])},
    "dataset": {
        "": {**_exactly_one(["name"], ["rule"]), "properties": {"name": {"pattern": "^[0-9A-Za-z _-]+$"}}},
    },
    "split": {"Grouping": _exactly_one(["regex"], ["field"])},
    "drop_noise": {"": {"properties": {"min_area": {"pattern": r"^([0-9]{1,9} *px|[0-9]{1,9}(\.[0-9][0-9]?)?%)$"}}}},
    "objects_filter": {
        "AreaSize": {
            **_exactly_one(["percent"], ["width", "height"]),
            "dependentRequired": {"width": ["height"], "height": ["width"]},
        }
    },
    "blur": {
        "": {
            "allOf": [
                _where("name", "gaussian", {"required": ["sigma"], "properties": {"kernel": False}}),
                _where("name", "median", {"required": ["kernel"], "properties": {"sigma": False}}),
            ]
        }
    },
    "if": {
        "Condition": {
            **_exactly_one(
                ["probability"],
                ["regex_names"],
                ["project_datasets"],
                ["min_objects_count"],
                ["include_classes"],
                ["tags"],
                ["min_height"],
                ["min_width"],
                ["min_area"],
                ["sum_object_area"],
                ["name_in_range"],
            ),
            "dependentRequired": {
                "sum_object_area": ["classes"],
                "classes": ["sum_object_area"],
                "frame_step": ["name_in_range"],
            },
        }
    },
}
"""Action -> class of its settings ("" is the outermost) -> what its ``__post_init__`` asks and a schema can ask too."""
