"""The JSON Schemas of the files that users write, for editors."""

import json
from pathlib import Path
from typing import Any

from kittiseg.config import json_schema
from kittiseg.dtl.schema import query_schema
from kittiseg.inference.config import InferenceConfig
from kittiseg.training.config import TrainConfig
from kittiseg.tuning.config import SweepConfig

DIALECT = "https://json-schema.org/draft/2020-12/schema"

SCHEMAS = {
    "transform": query_schema,
    "train": lambda: json_schema(TrainConfig),
    "predict": lambda: json_schema(InferenceConfig),
    "tune": lambda: json_schema(SweepConfig),
}
"""Stage -> the schema of its JSON file, as the classes give it."""


def schema(stage: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a stage's file. What it accepts can still be refused for deeper reasons."""
    return {"$schema": DIALECT, **tidied(SCHEMAS[stage]())}


def write_schema(stage: str, out: Path) -> Path:
    """Writes the schema to a file, and gives its path."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(schema(stage), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return out


def tidied(part: Any) -> Any:
    """Without the titles that only say the field's name again, and without null for what may be left out."""
    if isinstance(part, list):
        return [tidied(each) for each in part]
    if not isinstance(part, dict):
        return part
    made = {key: tidied(value) for key, value in part.items() if not (key == "title" and isinstance(value, str))}
    choices = made.get("anyOf", [])
    if {"type": "null"} in choices:
        made.pop("anyOf")
        rest = [choice for choice in choices if choice != {"type": "null"}]
        made = {**(rest[0] if len(rest) == 1 else {"anyOf": rest}), **made}
        if made.get("default", ...) is None:
            made.pop("default")
    return made
