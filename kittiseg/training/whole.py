"""Validation on whole pictures: what ``predict`` and ``evaluate`` would say of a checkpoint, from the workers' sums."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch

from kittiseg.config import did_you_mean
from kittiseg.dtl.mapping import map_meta
from kittiseg.errors import ConfigError, DataError, Problem, WorkspaceError
from kittiseg.evaluation.classes import BACKGROUND, IGNORED, ComparedClasses, compare_classes
from kittiseg.evaluation.compare import mean_iou, without_nan
from kittiseg.evaluation.confusion import confusion_matrix, iou, pixel_accuracy
from kittiseg.inference.config import BboxesSettings, InferenceConfig, WholeSettings
from kittiseg.inference.modes import make_mode
from kittiseg.inference.network import NetworkForward
from kittiseg.inference.predictor import Predictor, label_maps
from kittiseg.inference.skip import Sieve, Skipping, plan_skipping, sieve_of
from kittiseg.inference.tasks import tasks_of
from kittiseg.inference.worker import AHEAD, at_once
from kittiseg.project.ahead import map_ahead
from kittiseg.project.geometry import Size
from kittiseg.project.item import ItemKey
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.store import Project, Workspace
from kittiseg.training.classes import BACKGROUND as BACKGROUND_CHANNEL
from kittiseg.training.group import Group
from kittiseg.training.inputs import Forward
from kittiseg.training.model import ModelConfig
from kittiseg.training.scores import WHOLE
from kittiseg.training.sync_batchnorm import not_synchronised
from kittiseg.training.validate_on import ValidateOn

_SOURCE = "the training config"
_NAMED = 5  # classes that a message names; KITTI has 34


@dataclass(frozen=True, kw_only=True)
class WholePictures:
    """Pictures with masks, and how a network is applied to them. ``sizes``: theirs, in the same order.

    ``channels``: the compared class of each of the network's outputs. ``skipping``: which windows it is not shown.
    """

    project: Project
    sizes: Mapping[ItemKey, Size]
    classes: ComparedClasses
    channels: tuple[int, ...]
    config: InferenceConfig
    input_size: Size
    every: int
    skipping: Skipping | None = None

    def is_due(self, checkpoint: int, *, last: bool) -> bool:
        """Whether a checkpoint (from 1) is validated so."""
        return last or checkpoint % self.every == 0

    def validate(self, forward: Forward, group: Group) -> dict[str, Any]:
        """``mean_iou``, ``iou`` per class and ``accuracy`` as ``evaluate`` reckons them: without the background's IoU.

        The workers share out the chunks that ``predict`` makes of the pictures, so that batches, and therefore the
        last bit of every score, are the same for any number of them. The network is copied and keeps its state.
        """
        chunks = [task.keys for task in tasks_of(self.sizes, len(self.sizes))]
        matrix_cc = self._counts(forward, chunks[group.rank :: group.world_size])
        counts_cc = group.sum(torch.from_numpy(matrix_cc).to(forward.device)).cpu().numpy()
        ious = iou(counts_cc)[1:].tolist()
        scores = {"mean_iou": mean_iou(counts_cc), "iou": dict(zip(self.classes.names, ious, strict=True))}
        return without_nan({**scores, "accuracy": pixel_accuracy(counts_cc)})

    def _counts(self, forward: Forward, chunks: Sequence[Sequence[ItemKey]]) -> np.ndarray:
        """The confusion counts of some pictures, read ahead."""
        network = NetworkForward(
            not_synchronised(forward.network),
            input_size=self.input_size,
            device=str(forward.device),
            precision=forward.precision,
        )
        mode, classes = make_mode(self.config.mode), len(self.classes.names) + 1
        predictor = Predictor(network.one_by_one, classes=len(self.channels), batch_size=self.config.batch_size)
        compared = np.full(256, BACKGROUND, np.uint8)  # also of what no window was shown of
        compared[: len(self.channels)] = self.channels
        matrix_cc = np.zeros((classes, classes), np.int64)
        readers = at_once(self.project.files)
        with ThreadPoolExecutor(readers) as reader:
            keys = [key for chunk in chunks for key in chunk]
            pictures = map_ahead(self._read, keys, reader, ahead=max(AHEAD, readers))
            for chunk in chunks:
                read = islice(pictures, len(chunk))
                for truth, labels_hw in label_maps(predictor, mode, read, sieve_of=lambda truth: truth.sieve):
                    found_hw = compared[labels_hw]
                    matrix_cc += confusion_matrix(truth.labels_hw, found_hw, classes=classes, ignore=IGNORED)
        return matrix_cc

    def _read(self, key: ItemKey) -> tuple["_Truth", np.ndarray]:
        item = self.project.item(key)
        labels_hw = item.annotation.to_label_map(self.classes.truth)
        return _Truth(labels_hw, sieve_of(self.skipping, self.project, key, item.annotation)), item.image.pixels()


@dataclass(frozen=True, slots=True)
class _Truth:
    """What is known of a picture beside its pixels: the label map of its masks, and which windows are skipped."""

    labels_hw: np.ndarray
    sieve: Sieve


def find_whole_pictures(workspace: Workspace, model: ModelConfig) -> WholePictures | None:
    """What ``validate_on`` asks for; None where it asks for nothing. Reads the annotations, and no picture.

    ConfigError where project, classes or tag do not fit, DataError where an annotation cannot be read.
    """
    wanted = model.settings.validate_on
    if wanted is None:
        return None
    try:
        project = workspace.project(wanted.project)
    except WorkspaceError as error:
        raise _wrong("project", str(error)) from None
    mode = wanted.inference.mode
    if isinstance(mode, WholeSettings | BboxesSettings):
        raise _wrong("config", f"mode '{mode.source}' cannot be validated by; take sliding_window, full_image or roi")
    compared = _compare(wanted, project, model)
    skipping = _skipping(wanted, project)
    side = model.settings.input_size
    return WholePictures(
        project=project,
        sizes=_sizes(wanted, project, skipping),
        classes=compared,
        channels=tuple(compared.predicted.get(title, BACKGROUND) for title in model.classes.names),
        config=wanted.inference,
        input_size=side.size,
        every=wanted.every,
        skipping=skipping,
    )


def _skipping(wanted: ValidateOn, project: Project) -> Skipping | None:
    try:
        return plan_skipping(wanted.inference.skip, project.meta, background=BACKGROUND_CHANNEL, source=_SOURCE)
    except ConfigError as error:
        raise _moved(error, "/validate_on/config") from None


def _compare(wanted: ValidateOn, project: Project, model: ModelConfig) -> ComparedClasses:
    """Every class of the masks must be one of the model's then, or what is none would count as background."""
    mapping = None if wanted.classes_mapping == "default" else wanted.classes_mapping
    try:
        titles = list((project.meta if mapping is None else map_meta(project.meta, mapping)).shapes)
    except ConfigError as error:
        raise _moved(error, "/validate_on") from None
    known, objects = model.classes.index, model.classes.objects
    unknown = [f"'{title}'" for title in titles if title not in known]
    if unknown:
        more = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
        listed, remedy = ", ".join(unknown[:_NAMED]) + more, 'rename them, or drop them by "__other__": "__ignore__"'
        raise _wrong("classes_mapping", f"the model has no class {listed}; known: {', '.join(known)}; {remedy}")
    if not objects & set(titles):
        raise _wrong("classes_mapping", f"no class of project '{project.name}' is one of {', '.join(sorted(objects))}")
    outputs = ProjectMeta(tuple(entry for entry in model.classes.out_classes if entry.name in objects))
    neutral = {model.settings.special_classes.neutral} & set(titles)
    compared = compare_classes(outputs, project.meta, class_map={}, merge=mapping, ignore=neutral)
    _refuse_best_by(model.settings.best_by, compared.names)
    return compared


def _refuse_best_by(best_by: str, names: tuple[str, ...]) -> None:
    head = f"{WHOLE}/iou/"
    title = best_by.removeprefix(head)
    if best_by.startswith(head) and title not in names:
        message = f"'{title}' is no class that whole pictures are validated on{did_you_mean(title, names)}"
        raise ConfigError(_SOURCE, [Problem("/best_by", message)])


def _sizes(wanted: ValidateOn, project: Project, skipping: Skipping | None) -> dict[ItemKey, Size]:
    """Those of the pictures with the tag, each of which can be sieved."""
    sizes: dict[ItemKey, Size] = {}
    tags: set[str] = set()
    for key in project.keys():
        annotation = project.annotation(key)
        tags |= annotation.tag_names
        if wanted.tag is None or wanted.tag in annotation.tag_names:
            sieve_of(skipping, project, key, annotation)
            sizes[key] = annotation.image
    if not sizes and wanted.tag is not None:
        raise _wrong(
            "tag", f"no picture of project '{project.name}' has tag '{wanted.tag}'{did_you_mean(wanted.tag, tags)}"
        )
    if not sizes:
        raise DataError(f"project '{project.name}' (/validate_on/project) has no picture to validate on")
    return sizes


def _moved(error: ConfigError, place: str) -> ConfigError:
    """The same problems where they lie in the training config."""
    return ConfigError(_SOURCE, [Problem(place + problem.pointer, problem.message) for problem in error.problems])


def _wrong(setting: str, message: str) -> ConfigError:
    return ConfigError(_SOURCE, [Problem(f"/validate_on/{setting}", message)])
