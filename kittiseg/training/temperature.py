"""The temperatures of a model's checkpoints: temperature.json in its folder, a record by number where there is one."""

from collections.abc import Mapping
from typing import Any, Literal

from kittiseg.errors import ModelError
from kittiseg.project.store import Files
from kittiseg.training.model import json_bytes

TEMPERATURE = "temperature.json"


def temperature_of(model: Files, checkpoint: int, wanted: Literal["auto", "none"] | float) -> float:
    """What a checkpoint's logits are divided by. ``auto``: as it was calibrated, or 1 where it was not."""
    if wanted == "none":
        return 1.0
    if wanted != "auto":
        return float(wanted)
    record = calibration_of(model, checkpoint)
    return 1.0 if record is None else record["temperature"]


def calibration_of(model: Files, checkpoint: int) -> Mapping[str, Any] | None:
    """What :func:`keep_calibration` has kept of a checkpoint. ModelError where it cannot be read."""
    record = _records(model).get(str(checkpoint))
    if record is not None and not (isinstance(record, dict) and isinstance(record.get("temperature"), float)):
        raise ModelError(f"{model.path(TEMPERATURE)}/{checkpoint}: has no temperature; run calibrate again")
    return record


def keep_calibration(model: Files, checkpoint: int, record: Mapping[str, Any]) -> None:
    """Keeps a checkpoint's record, with its ``temperature``, in place of an earlier one, beside those of others."""
    known = _records(model)
    model.replace(TEMPERATURE, json_bytes({**known, str(checkpoint): record}))


def _records(model: Files) -> dict[str, Any]:
    records = model.read_json(TEMPERATURE) if model.exists(TEMPERATURE) else {}
    if not isinstance(records, dict):
        raise ModelError(f"{model.path(TEMPERATURE)}: no records by checkpoint; remove it, and run calibrate again")
    return records
