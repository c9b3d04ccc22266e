"""What the files of a sweep tell, gathered into a section of a report. They lie in ``sweeps/NAME``."""

import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kittiseg.project.store import Files, Workspace
from kittiseg.report.graph_layout import written
from kittiseg.report.sections import Parameter, SweepSection, TrialFacts
from kittiseg.report.sweep_axes import is_number
from kittiseg.report.sweep_labels import value_words


def sweep_section(workspace: Workspace, name: str) -> SweepSection:
    """A sweep as far as it has come. While it has no best.json, its best trial is the best one so far."""
    files = workspace.sweep_files(name)
    document = files.read_json("sweep.json")
    config, metric = document["config"], document["metric"]
    best = files.read_json("best.json") if files.exists("best.json") else {}
    section = SweepSection(
        name=name,
        metric=metric["name"],
        lowest=metric["mode"] == "min",
        parameters=[_parameter(pointer, config["space"].get(pointer) or {}) for pointer in document["parameters"]],
        trials=[
            _trial(files.read_json(f"trials/{trial}/trial.json"))
            for trial in files.folders("trials")
            if files.exists(f"trials/{trial}/trial.json")
        ],
        best=best.get("trial"),
        commands=_commands(workspace, files, config, best),
        settings=_settings(config),
    )
    so_far = [trial.id for trial in section.ranked if trial.metric is not None and trial.status != "failed"]
    return section if section.best or not so_far else replace(section, best=so_far[0])


def _parameter(pointer: str, dimension: Mapping[str, Any]) -> Parameter:
    """From ``{"loguniform": [0.0001, 0.01]}``; also ``choice``, ``uniform`` and ``integer``, the latter by ``step``."""
    kind = next((kind for kind in ("choice", "loguniform", "uniform", "integer") if dimension.get(kind)), None)
    if kind is None:
        return Parameter(pointer=pointer)
    values = dimension[kind]
    if kind == "choice":
        words = ", ".join(map(value_words, values))
        return Parameter(pointer=pointer, kind="choice", options=values, words=words)
    words = f"{value_words(values[0])} to {value_words(values[1])}"
    if dimension.get("step"):
        words += f" by {value_words(dimension['step'])}"
    log = kind == "loguniform"
    return Parameter(
        pointer=pointer, kind="log" if log else "linear", ends=values, words=f"{words}, logarithmic" if log else words
    )


def _settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """What else was asked for; a constraint as one text."""
    found = {key: value for key, value in config.items() if key != "space" and value not in (None, {}, [])}
    constraints = [" ".join(map(str, constraint)) for constraint in found.pop("constraints", ())]
    return {**found, "constraints": constraints} if constraints else found


def _trial(document: Mapping[str, Any]) -> TrialFacts:
    return TrialFacts(
        id=document["id"],
        parameters=_scored_with(document),
        status=document["status"],
        metric=document["metric"] if is_number(document["metric"]) else None,
        checkpoint=document["checkpoint"],
        epoch=document["epoch"],
        seconds=document["seconds"],
        retries=document["retries"],
        error=document["error"] or "",
        curve=[(epoch, metric) for epoch, metric in document["curve"] if is_number(metric)],
        origin=(document.get("origin") or {}).get("trial", ""),
    )


def _scored_with(document: Mapping[str, Any]) -> dict[str, Any]:
    """In a population a trial's best checkpoint may be one that it went on from, which had other parameters."""
    reached = document["checkpoint"]
    past = [stage for stage in document.get("past", ()) if reached is not None and reached <= stage["until"]]
    return past[0]["parameters"] if past else document["parameters"]


def _commands(workspace: Workspace, files: Files, config: Mapping[str, Any], best: Mapping[str, Any]) -> list[str]:
    """How to make the best trial's project, to train on it anew, and to predict by the best model."""
    if not best:
        return []
    start = ["kittiseg", "--workspace", workspace.files.root]
    project = config.get("project") or "PROJECT"
    made = []
    if best.get("transform"):
        saved = [name for layer in files.read_json(best["transform"]) for name in written(layer)]
        project = next((name for name in saved if not name.startswith("$") and name != "null"), project)
        made.append([*start, "transform", files.path(best["transform"])])
    init = ["--init", config["init"]] if config.get("init") else []
    again = f"{best['model']}-again"
    made.append([*start, "train", files.path(best["train"]), "--project", project, "--name", again, *init])
    made.append([*start, "predict", "INFER.json", "--model", best["model"], "--project", "PROJECT", "--name", "NAME"])
    return [shlex.join(command) for command in made]
