"""What the sections of a report need to know. Whoever fills them in may have read it from anywhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from kittiseg.project.meta import ProjectMeta
from kittiseg.report.graph_box import LayerFacts


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of an example, RGB (h, w, 3), already drawn upon and no larger than the page needs."""

    caption: str
    image_hwc: np.ndarray


@dataclass(frozen=True, slots=True)
class Example:
    """Pictures that belong beside one another, such as picture, truth and prediction; ``note``: a few words on them.

    ``slides``: the first two, of one size, lie over one another, and a slider tells how much of each is seen.
    """

    name: str
    pictures: tuple[Picture, ...]
    note: str = ""
    slides: bool = False

    @classmethod
    def of_prediction(
        cls,
        name: str,
        image_hwc: np.ndarray,
        *,
        predicted_hwc: np.ndarray,
        truth_hwc: np.ndarray | None = None,
        note: str = "",
    ) -> "Example":
        """The picture under a slider with the one that the prediction is drawn upon; the truth, if known, beside."""
        pictures = {"picture": image_hwc, "prediction": predicted_hwc, "truth": truth_hwc}
        known = (Picture(caption, drawn_hwc) for caption, drawn_hwc in pictures.items() if drawn_hwc is not None)
        return cls(name, tuple(known), note, slides=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSection:
    """A project. ``statistics`` is the JSON document that ``stats`` gives, ``query`` the one that made the project.

    ``layers``: what left each layer of the query.
    """

    name: str
    statistics: Mapping[str, Any]
    meta: ProjectMeta
    query: Sequence[Mapping[str, Any]] | None = None
    layers: Sequence[LayerFacts] | None = None
    examples: Sequence[Example] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Extremes:
    """The validation pictures that a checkpoint did worst and best on, the extreme ones first.

    ``missing``: why there is none to show, in one line. ``colors``: of the classes in them.
    """

    worst: Sequence[Example] = ()
    best: Sequence[Example] = ()
    colors: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)
    missing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSection:
    """A model. ``history``: the lines of history.jsonl; ``checkpoints``: those on disk, each with its ``checkpoint``.

    ``facts``: what else is known of the run, such as ``restored_from``. ``best``: the best checkpoint on disk;
    ``chosen``: the one that was taken on. ``extremes``: pictures of the best one, where their scores are known.
    ``calibration``: what temperature.json has of the best one, or else of the newest that is in it.
    """

    name: str
    config: Mapping[str, Any]
    history: Sequence[Mapping[str, Any]]
    checkpoints: Sequence[Mapping[str, Any]] = ()
    best: int | None = None
    chosen: int | None = None
    extremes: Extremes | None = None
    calibration: Mapping[str, Any] | None = None
    colors: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionSection:
    """A project of predictions. ``evaluation``: the JSON document that ``evaluate`` gives.

    ``examples``: the worst first where it is known which they are. ``windows``: a picture with the windows drawn upon
    it; its caption tells how many of what size. ``predicted``: the colours of what was predicted.
    """

    name: str
    model: str
    examples: Sequence[Example]
    colors: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)
    evaluation: Mapping[str, Any] | None = None
    windows: Picture | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    predicted: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """What a sweep chose anew for each trial. ``pointer``: ``train:/lr``; ``words``: what it chose among.

    ``kind``: how its values lie on an axis. ``options``: those of a choice, in their order. ``ends``: the lowest and
    the highest value of the others.
    """

    pointer: str
    kind: Literal["linear", "log", "choice"] = "linear"
    options: Sequence[Any] = ()
    ends: Sequence[float] = ()
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialFacts:
    """One training of a sweep. ``parameters``: by pointer; ``seconds``: how long it took.

    ``status``: waiting, running, done, stopped (by the scheduler, as it fell behind) or failed. ``metric``: of its
    best checkpoint, None before the first one. ``curve``: epochs and metrics of its validations. ``origin``: the trial
    whose weights it went on with, of a population.
    """

    id: str
    parameters: Mapping[str, Any]
    status: str = "done"
    metric: float | None = None
    checkpoint: int | None = None
    epoch: float | None = None
    seconds: float | None = None
    retries: int = 0
    error: str = ""
    curve: Sequence[tuple[float, float]] = ()
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepSection:
    """A sweep. ``metric``: as ``best_by``; ``lowest``: its lowest value is the best. ``best``: the best trial so far.

    ``commands``: how to go on with the best trial's configuration. ``settings``: what else is known of the sweep.
    """

    name: str
    metric: str
    lowest: bool
    parameters: Sequence[Parameter]
    trials: Sequence[TrialFacts]
    best: str | None = None
    commands: Sequence[str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ranked(self) -> list[TrialFacts]:
        """The trials from the best to the worst; behind them those without a metric, by their ids."""
        sign = 1 if self.lowest else -1
        known = [trial for trial in self.trials if trial.metric is not None]
        known.sort(key=lambda trial: (sign * (trial.metric or 0.0), trial.id != self.best, trial.id))
        return known + sorted((trial for trial in self.trials if trial.metric is None), key=lambda trial: trial.id)


Section = SweepSection | ProjectSection | ModelSection | PredictionSection
