"""run.json of a model: what ran where. One entry in ``sessions`` for every start of the workers."""

import platform
import time
from typing import Any

import numpy as np
import torch

import kittiseg
from kittiseg.project.store import Files
from kittiseg.training.model import json_bytes

RUN = "run.json"
PAUSED = "paused"
"""Why a session has ended that is to be gone on with."""


def read_run(model: Files) -> dict[str, Any]:
    return model.read_json(RUN)


def write_run(model: Files, record: dict[str, Any]) -> None:
    model.replace(RUN, json_bytes(record))


def add_session(model: Files, session: dict[str, Any]) -> None:
    """Adds an entry, with the time and the versions."""
    record = read_run(model)
    versions = {
        "kittiseg": kittiseg.__version__,
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
    entry = {"started": now(), **session, "versions": versions}
    write_run(model, {**record, "sessions": [*record["sessions"], entry]})


def add_facts(model: Files, facts: dict[str, Any]) -> None:
    """Adds what is not known yet; what a start before this one found out stays."""
    write_run(model, {**facts, **read_run(model)})


def end_session(model: Files, why: str) -> None:
    """Marks the last entry as ended."""
    record = read_run(model)
    record["sessions"][-1] |= {"ended": now(), "why": why}
    write_run(model, record)


def is_paused(model: Files) -> bool:
    """Whether its training has paused, and has not gone on since."""
    sessions = read_run(model)["sessions"] if model.exists(RUN) else []
    return bool(sessions) and sessions[-1].get("why") == PAUSED


def now() -> str:
    """UTC, as ISO 8601."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
