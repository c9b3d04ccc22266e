"""EVALUATE: predictions are held against the truth."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from kittiseg.dtl import read_query
from kittiseg.errors import ConfigError
from kittiseg.evaluation.classes import compare_classes
from kittiseg.evaluation.compare import CompareProjects, Evaluation, PicturePair, match_pictures
from kittiseg.pipeline.run import Run
from kittiseg.project.item import ItemKey

RECORD = "evaluation.json"
"""In the project of predictions: what it was held against last, and the scores."""


def evaluate(run: Run, predictions: str, truth: str, *, class_map: str = "", mapping: Path | None = None) -> Evaluation:
    """Scores from summed counts, also written beside the predictions, where a report finds them.

    ``class_map``: ``vehicle_dl=vehicle,...``; ``mapping``: a query whose data layer merges the truth's classes first.
    """
    predicted, true = run.workspace.project(predictions), run.workspace.project(truth)
    merge = None if mapping is None else classes_mapping(mapping)
    classes = compare_classes(predicted.meta, true.meta, class_map=_pairs(class_map), merge=merge)
    pairs = match_pictures(predicted.keys(), true.keys())
    _warn_of_stems(run, pairs)
    compare = CompareProjects(predicted, true, classes)
    counts = run.map_light(compare, pairs, stage="evaluate", project=predictions, unit="pictures")
    evaluation = Evaluation.of(classes, counts)
    record = {"truth": truth, "classes_mapping": merge, "scores": evaluation.to_json()}
    predicted.files.replace(RECORD, json.dumps(record, ensure_ascii=False, indent=1).encode())
    return evaluation


def _warn_of_stems(run: Run, pairs: Sequence[PicturePair]) -> None:
    """KITTI's training and test frames, for instance, have the same names and show different streets."""
    loose = [pair for pair in pairs if not pair.same_place]
    for (predicted, true), count in Counter((_dataset(pair.predicted), _dataset(pair.truth)) for pair in loose).items():
        run.progress.warn(
            f"{count} of {len(pairs)} pictures of data set '{predicted}' are held against those of '{true}' by their "
            "names without extension alone; are they the same pictures?"
        )


def _dataset(key: ItemKey) -> str:
    return f"{key.project}/{key.dataset}"


def _pairs(text: str) -> dict[str, str]:
    pairs = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        predicted, equals, true = (word.strip() for word in part.partition("="))
        if not (predicted and equals and true):
            raise ConfigError(f"--map {text}: '{part}' is no pair; write PREDICTED=TRUE, as in vehicle_dl=vehicle")
        pairs[predicted] = true
    return pairs


def classes_mapping(query: Path) -> dict[str, str] | None:
    """The classes_mapping of the query's data layer; None where it keeps all classes."""
    layers = [entry for entry in read_query(query) if isinstance(entry, dict) and entry.get("action") == "data"]
    settings = [entry["settings"] if isinstance(entry.get("settings"), dict) else {} for entry in layers]
    mappings = [entry.get("classes_mapping") for entry in settings]
    if not mappings or any(mapping != mappings[0] for mapping in mappings):
        raise ConfigError(f"--mapping {query}: wanted one data layer, or several with the same classes_mapping")
    if not (mappings[0] == "default" or isinstance(mappings[0], dict)):
        raise ConfigError(f"--mapping {query}: the data layer has no classes_mapping")
    return None if mappings[0] == "default" else dict(mappings[0])
