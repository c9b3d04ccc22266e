"""What a workspace knows of a project, a model or predictions, gathered into a section of a report."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kittiseg.errors import DataError
from kittiseg.project.annotation import Annotation
from kittiseg.project.geometry import Window
from kittiseg.project.item import Item, ItemKey
from kittiseg.project.meta import ProjectMeta, palette
from kittiseg.project.store import Files, Project, Workspace
from kittiseg.report.colors import RGB
from kittiseg.report.graph_box import LayerFacts
from kittiseg.report.overlay import annotated, draw_windows, fit
from kittiseg.report.page import LARGEST_PICTURE
from kittiseg.report.sections import Example, Extremes, ModelSection, Picture, PredictionSection, ProjectSection
from kittiseg.report.views import MOST_EXAMPLES, picture_iou
from kittiseg.report.wording import decimal, plural


@dataclass(frozen=True, slots=True)
class Truth:
    """What is really on the pictures. ``find`` gives None for a picture of which nothing is known."""

    find: Callable[[ItemKey], Annotation | None]
    colors: Mapping[str, RGB]


def project_section(
    workspace: Workspace, name: str, statistics: Mapping[str, Any], *, limit: int = MOST_EXAMPLES
) -> ProjectSection:
    """A project with ``limit`` of its pictures, evenly chosen, and the query that made it, if one did."""
    project = workspace.project(name)
    provenance = _json_if_there(project.files, "provenance.json")
    query = provenance.get("query")
    return ProjectSection(
        name=name,
        statistics=statistics,
        meta=project.meta,
        query=query if isinstance(query, list) else None,
        layers=[LayerFacts.from_json(entry) for entry in provenance["layers"]] if "layers" in provenance else None,
        examples=[_annotated_example(project.item(key), project.meta) for key in spread(project.keys(), limit)],
    )


def model_section(
    workspace: Workspace,
    name: str,
    *,
    best: int | None = None,
    chosen: int | None = None,
    extremes: Extremes | None = None,
) -> ModelSection:
    """A model from its folder: its config.json, history.jsonl, run.json, temperature.json, and its checkpoints' names.

    ``best``, ``chosen``: the checkpoints to mark; without the second that which the model was restored from, or to
    another model. ``extremes``: pictures of the best one.
    """
    files = workspace.model_files(name)
    config = files.read_json("config.json")
    classes = config.get("out_classes") or config.get("classes") or []
    documents = [entry for entry in classes if isinstance(entry, dict) and "title" in entry]
    return ModelSection(
        name=name,
        config=config.get("settings", config),
        history=_history(files),
        checkpoints=[{"checkpoint": int(name)} for name in files.folders("checkpoints") if name.isdigit()],
        best=best,
        extremes=extremes,
        calibration=_calibration(files, best),
        chosen=chosen or _restored(files).get("checkpoint") or _restored_elsewhere(workspace, name),
        colors=ProjectMeta.from_json({"classes": documents}).colors,
        facts=_run_facts(_json_if_there(files, "run.json")),
    )


def prediction_section(
    workspace: Workspace,
    name: str,
    *,
    truth: Truth | None = None,
    evaluation: Mapping[str, Any] | None = None,
    windows: Sequence[Window] = (),
) -> PredictionSection:
    """A project of predictions: pictures, truth where it is known, and what was predicted, side by side.

    ``windows``: those that the network was given of the first picture shown.
    """
    project = workspace.project(name)
    provenance = _json_if_there(project.files, "provenance.json")
    keys = spread(project.keys(), MOST_EXAMPLES)
    config = provenance.get("config")
    return PredictionSection(
        name=name,
        model=str(provenance.get("model", "")),
        examples=[_compared_example(project.item(key), project.meta, truth, evaluation) for key in keys],
        colors={**(truth.colors if truth else {}), **project.meta.colors},
        evaluation=evaluation,
        windows=_windows_picture(project, keys[0], windows) if keys and windows else None,
        settings=config if isinstance(config, dict) else {},
    )


def spread(keys: Sequence[ItemKey], limit: int) -> list[ItemKey]:
    """At most ``limit`` keys at even distances, the first one among them."""
    return [keys[place * len(keys) // limit] for place in range(limit)] if len(keys) > limit else list(keys)


def _annotated_example(item: Item, meta: ProjectMeta) -> Example:
    small_hwc = fit(item.image.pixels(), LARGEST_PICTURE)
    words = [plural(len(item.annotation.figures), "object", "objects"), *sorted(item.annotation.tag_names)]
    picture = Picture("", annotated(small_hwc, item.annotation, meta.colors))
    return Example(item.key.name, (picture,), ", ".join(words))


def _compared_example(
    item: Item, meta: ProjectMeta, truth: Truth | None, evaluation: Mapping[str, Any] | None
) -> Example:
    small_hwc = fit(item.image.pixels(), LARGEST_PICTURE)
    pictures = [Picture("picture", small_hwc)]
    known = truth.find(item.key) if truth else None
    if truth and known:
        colors = {**palette(ProjectMeta(), {figure.class_name for figure in known.figures}), **truth.colors}
        pictures.append(Picture("truth", annotated(small_hwc, known, colors)))
    pictures.append(Picture("prediction", annotated(small_hwc, item.annotation, meta.colors)))
    return Example(item.key.name, tuple(pictures), _iou_words(item.key, evaluation or {}))


def _iou_words(key: ItemKey, evaluation: Mapping[str, Any]) -> str:
    """Such as ``IoU vehicle 0.812``, where the evaluation has this picture."""
    names = {key.name, f"{key.dataset}/{key.name}"}
    for picture in evaluation.get("pictures", ()):
        if picture.get("name") in names and picture.get("dataset", key.dataset) == key.dataset:
            ious = {name: picture_iou(picture, name) for name in evaluation.get("classes", ())}
            return ", ".join(f"IoU {name} {decimal(iou, 3)}" for name, iou in ious.items() if iou is not None)
    return ""


def _windows_picture(project: Project, key: ItemKey, windows: Sequence[Window]) -> Picture:
    item = project.item(key)
    small_hwc = fit(item.image.pixels(), LARGEST_PICTURE)
    caption = f"{plural(len(windows), 'window', 'windows')} of {windows[0].size} px on {item.image.size} px"
    return Picture(caption, draw_windows(small_hwc, windows, image=item.image.size))


def _restored(files: Files) -> dict[str, Any]:
    """``{"model", "checkpoint", "epoch"}`` of the checkpoint that a model was made of; nothing where it was trained."""
    return _json_if_there(files, "run.json").get("restored_from") or {}


def _restored_elsewhere(workspace: Workspace, name: str) -> int | None:
    """The checkpoint that became a model of its own; of several the last by the new model's name."""
    origins = [_restored(workspace.model_files(other)) for other in workspace.models()]
    numbers = [origin["checkpoint"] for origin in origins if origin.get("model") == name]
    return numbers[-1] if numbers else None


def _run_facts(record: dict[str, Any]) -> dict[str, Any]:
    """run.json without empty entries, and of its sessions their number and the last one."""
    facts = {key: value for key, value in record.items() if value not in (None, [], {})}
    sessions = facts.pop("sessions", None)
    return {**facts, "sessions": len(sessions), "last session": sessions[-1]} if sessions else facts


def _calibration(files: Files, best: int | None) -> dict[str, Any] | None:
    """The record of the best checkpoint, or else of the newest that was calibrated."""
    records = _json_if_there(files, "temperature.json")
    return records.get(str(best)) or records.get(max(records, key=int, default=""))


def _history(files: Files) -> list[dict[str, Any]]:
    """The records; a last line that a sudden end cut off is left out."""
    if not files.exists("history.jsonl"):
        return []
    try:
        return [json.loads(line) for line in files.read("history.jsonl").split(b"\n")[:-1] if line.strip()]
    except ValueError as error:
        raise DataError(f"{files.path('history.jsonl')}: not valid JSON lines: {error}") from None


def _json_if_there(files: Files, name: str) -> dict[str, Any]:
    document = files.read_json(name) if files.exists(name) else {}
    return document if isinstance(document, dict) else {}
