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
from kittiseg.report.extremes import Scored
from kittiseg.report.graph_box import LayerFacts
from kittiseg.report.overlay import annotated, draw_windows, fit
from kittiseg.report.page import LARGEST_PICTURE
from kittiseg.report.sections import Example, Extremes, ModelSection, Picture, PredictionSection, ProjectSection
from kittiseg.report.views import MOST_EXAMPLES, picture_iou
from kittiseg.report.wording import plural


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
    """A project of predictions: pictures, what was predicted, and the truth where it is known.

    They are shown from the worst to the best by the mean IoU of the ``evaluation``, without one evenly chosen.
    ``windows``: those that the network was given of the project's first picture.
    """
    project = workspace.project(name)
    provenance = _json_if_there(project.files, "provenance.json")
    scores = _scores(evaluation or {})
    keys = _worst_first(project.keys(), scores)
    config = provenance.get("config")
    return PredictionSection(
        name=name,
        model=str(provenance.get("model", "")),
        examples=[
            _compared_example(project.item(key), project.meta, truth, scores.get((key.dataset, key.name)))
            for key in keys
        ],
        colors={**(truth.colors if truth else {}), **project.meta.colors},
        evaluation=evaluation,
        windows=_windows_picture(project, project.keys()[0], windows) if keys and windows else None,
        settings=config if isinstance(config, dict) else {},
        predicted=project.meta.colors,
    )


def spread(keys: Sequence[ItemKey], limit: int) -> list[ItemKey]:
    """At most ``limit`` keys at even distances, the first one among them."""
    return [keys[place * len(keys) // limit] for place in range(limit)] if len(keys) > limit else list(keys)


def evenly(count: int, most: int) -> list[int]:
    """At most ``most`` of so many places at even distances, the first and the last among them."""
    return [round(place * (count - 1) / (most - 1)) for place in range(most)] if count > most else list(range(count))


def _annotated_example(item: Item, meta: ProjectMeta) -> Example:
    small_hwc = fit(item.image.pixels(), LARGEST_PICTURE)
    words = [plural(len(item.annotation.figures), "object", "objects"), *sorted(item.annotation.tag_names)]
    picture = Picture("", annotated(small_hwc, item.annotation, meta.colors))
    return Example(item.key.name, (picture,), ", ".join(words))


def _compared_example(item: Item, meta: ProjectMeta, truth: Truth | None, scored: Scored | None) -> Example:
    small_hwc = fit(item.image.pixels(), LARGEST_PICTURE)
    predicted_hwc, truth_hwc = annotated(small_hwc, item.annotation, meta.colors), None
    known = truth.find(item.key) if truth else None
    if truth and known:
        colors = {**palette(ProjectMeta(), {figure.class_name for figure in known.figures}), **truth.colors}
        truth_hwc = annotated(small_hwc, known, colors)
    note = scored.note if scored else ""
    return Example.of_prediction(item.key.name, small_hwc, predicted_hwc=predicted_hwc, truth_hwc=truth_hwc, note=note)


def _scores(evaluation: Mapping[str, Any]) -> dict[tuple[str, str], Scored]:
    """Of each picture, by data set and name, on which one of the classes is or was predicted."""
    found = {}
    for picture in evaluation.get("pictures", ()):
        ious = {name: iou for name in evaluation["classes"] if (iou := picture_iou(picture, name)) is not None}
        if ious:
            found[picture["dataset"], picture["name"]] = Scored(picture["name"], ious)
    return found


def _worst_first(keys: Sequence[ItemKey], scores: Mapping[tuple[str, str], Scored]) -> list[ItemKey]:
    """At most :data:`MOST_EXAMPLES`, from the worst to the best; those without a score only where there is room."""
    known = [key for key in keys if (key.dataset, key.name) in scores]
    known.sort(key=lambda key: scores[key.dataset, key.name].mean_iou)
    others = [key for key in keys if (key.dataset, key.name) not in scores]
    chosen = [known[place] for place in evenly(len(known), MOST_EXAMPLES)]
    return [*chosen, *spread(others, MOST_EXAMPLES - len(chosen))]


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
