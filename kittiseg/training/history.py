"""history.jsonl of a model: a line per training step and per validation, for charts and for whoever watches."""

import json
import math
from collections.abc import Iterable
from typing import Any

from kittiseg.project.store import Files

HISTORY = "history.jsonl"


def append_history(model: Files, records: Iterable[dict[str, Any]]) -> None:
    """NaN becomes null: JSON has no word for it."""
    model.append(HISTORY, _lines(records))


def read_history(model: Files) -> list[dict[str, Any]]:
    """The records in order; nothing where there is no file. A last line that a sudden end cut off is left out."""
    if not model.exists(HISTORY):
        return []
    lines = model.read(HISTORY).split(b"\n")[:-1]
    return [json.loads(line) for line in lines if line]


def cut_history(model: Files, *, step: int, checkpoint: int) -> None:
    """Takes back what comes after a checkpoint, which a training that goes on from there will write again."""
    model.replace(HISTORY, _lines(history_until(model, step=step, checkpoint=checkpoint)))


def history_until(model: Files, *, step: int, checkpoint: int) -> list[dict[str, Any]]:
    """The records up to a checkpoint."""
    return [record for record in read_history(model) if _is_before(record, step, checkpoint)]


def flat(metrics: dict[str, Any], prefix: str = "") -> dict[str, float]:
    """``{"iou": {"car": 0.5}}`` as ``{"iou/car": 0.5}``, without what is undefined."""
    values: dict[str, float] = {}
    for name, value in metrics.items():
        if isinstance(value, dict):
            values |= flat(value, f"{prefix}{name}/")
        elif value is not None:
            values[prefix + name] = value
    return values


def _lines(records: Iterable[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(_finite(record), ensure_ascii=False) + "\n" for record in records).encode()


def _is_before(record: dict[str, Any], step: int, checkpoint: int) -> bool:
    return record["checkpoint"] <= checkpoint if record["kind"] == "val" else record["step"] <= step


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
