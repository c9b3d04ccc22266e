"""The files of a sweep, in the workspace's folder ``sweeps/<name>``.

``sweep.json`` says what was asked, ``trials/<id>/trial.json`` what became of each trial, ``models/<id>`` is its model,
and ``best.json`` names the best one, with the two files that make it again in ``best``. Of a population there is
``exchange.json``: who takes over from whom after the generation that was trained last.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from kittiseg.config import parse, pointer, to_json
from kittiseg.errors import ConfigError, DataError, Problem
from kittiseg.project.store import Files, Workspace, check_name
from kittiseg.tuning.config import SweepConfig
from kittiseg.tuning.documents import Documents, saved_as
from kittiseg.tuning.population import Exchange
from kittiseg.tuning.space import Space

SWEEPS = "sweeps"
SWEEP = "sweep.json"
BEST = "best.json"
EXCHANGE = "exchange.json"

Status = Literal["waiting", "running", "done", "stopped", "failed"]
"""``stopped``: by the scheduler, before its last epoch. ``failed``: died more often than it is retried."""

_MAY_CHANGE = {"trials", "at_once", "gpus_per_worker", "retries"}  # without changing what a trial is


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A training of a sweep. ``metric``: of its best ``checkpoint``; None before its first validation.

    ``epoch``: how far it has come. ``curve``: epoch and metric of each validation. ``project``: what its query made.
    ``retries``: how often it went on after it died. ``origin``: the other ``trial`` of a population, its ``checkpoint``
    and the ``generation`` after which this trial went on from there; None where it is still its own. ``past``: what the
    weights went through before that, each with the ``trial`` that had them, its ``parameters``, and ``until`` which
    checkpoint.
    """

    id: str
    parameters: Mapping[str, Any]
    status: Status = "waiting"
    metric: float | None = None
    checkpoint: int | None = None
    epoch: float | None = None
    seconds: float | None = None
    error: str | None = None
    project: str | None = None
    curve: Sequence[Sequence[float | None]] = ()
    retries: int = 0
    origin: Mapping[str, Any] | None = None
    past: Sequence[Mapping[str, Any]] = ()

    @property
    def is_over(self) -> bool:
        """Whether nothing more will become of it: a sweep that goes on leaves it as it is."""
        return self.status in ("done", "stopped", "failed")

    @property
    def scored_with(self) -> Mapping[str, Any]:
        """The parameters with which the weights of its best checkpoint were trained last."""
        return self.parameters if self.checkpoint is None else self.stages(self.checkpoint)[-1]["parameters"]

    def stages(self, checkpoint: int) -> list[Mapping[str, Any]]:
        """What the weights of a checkpoint went through, as :attr:`past` has it; the last stage ends with it."""
        before = [stage for stage in self.past if stage["until"] < checkpoint]
        own = {"trial": self.id, "parameters": self.parameters}
        last = next((stage for stage in self.past if checkpoint <= stage["until"]), own)
        return [*before, {**last, "until": checkpoint}]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def read(cls, files: Files, path: str) -> "Trial":
        document = files.read_json(path)
        try:
            curve, past = tuple(map(tuple, document["curve"])), tuple(document.get("past", ()))
            return cls(**document | {"curve": curve, "past": past})
        except (KeyError, TypeError) as error:
            raise DataError(
                f"{files.path(path)}: not what a sweep writes: {error!r}; remove it, then --resume"
            ) from None


def trial_id(number: int) -> str:
    """``trial_id(3) == "0003"``."""
    return f"{number:04d}"


@dataclass(frozen=True)
class Sweep:
    """A sweep that was begun."""

    name: str
    space: Space
    files: Files = field(repr=False)

    @classmethod
    def begin(cls, workspace: Workspace, name: str, space: Space) -> "Sweep":
        """Writes sweep.json, in place of what is there of the name: see Workspace.refuse_existing for that."""
        check_name(name, what="sweep")
        files = workspace.files.within(f"{SWEEPS}/{name}")
        files.remove("")
        sweep = cls(name, space, files)
        sweep.write_config()
        return sweep

    @classmethod
    def open(cls, workspace: Workspace, name: str) -> "Sweep":
        """One that is there; WorkspaceError where there is none."""
        files = workspace.sweep_files(name)
        document, source = files.read_json(SWEEP), files.path(SWEEP)
        try:
            base = Documents(document["train"], document["query"])
            config = parse(SweepConfig, document["config"], source=source, at="/config")
        except (KeyError, TypeError) as error:
            raise DataError(f"{source}: not what a sweep writes: {error!r}; begin it anew by --overwrite") from None
        return cls(name, Space(config, base, source), files)

    @property
    def models(self) -> Workspace:
        """The trials' models, each under its trial's id."""
        return Workspace(self.files)

    def resumed(self, space: Space) -> "Sweep":
        """This sweep going on with a config read anew; :meth:`write_config` writes that.

        ConfigError where more than trials, at_once, gpus_per_worker and retries are other than they were.
        """
        before, after = to_json(self.space.config), to_json(space.config)
        problems = [
            Problem(pointer(key), f"is {json.dumps(after[key])} now and was {json.dumps(before[key])}")
            for key in before
            if before[key] != after[key] and key not in _MAY_CHANGE
        ]
        alike = {
            **self.space.config.same_for_all,
            **space.config.same_for_all,
        }  # put into both, lest what is told already be told of the files too
        for name in ("train", "transform"):
            if _differ(self.space.base, space.base, name, alike):
                problems.append(Problem(pointer(name), "what is in the file is not what it was"))
        if problems:
            remedy = "undo the changes, or tune under another --name"
            raise ConfigError(f"sweep '{self.name}' cannot be resumed with another config; {remedy}", problems)
        return Sweep(self.name, space, self.files)

    def write_config(self) -> None:
        config, base = self.space.config, self.space.base
        document = {
            "name": self.name,
            "config": to_json(config),
            "train": base.train,
            "query": base.transform,
            "metric": {"name": config.metric, "mode": config.mode},
            "parameters": self.space.names,
            "seed": config.seed,
        }
        self._write(SWEEP, document)

    def write(self, trial: Trial) -> None:
        self._write(_path(trial.id), trial.to_json())

    def trial(self, id: str) -> Trial | None:  # noqa: A002, it is called so in the file
        """None where it is not written yet."""
        return Trial.read(self.files, _path(id)) if self.files.exists(_path(id)) else None

    def trials(self) -> list[Trial]:
        """By id."""
        found = map(self.trial, self.files.folders("trials"))
        return [trial for trial in found if trial is not None]

    def exchange(self) -> Exchange:
        """Of a population, the last that was decided."""
        try:
            return Exchange.from_json(self.files.read_json(EXCHANGE)) if self.files.exists(EXCHANGE) else Exchange()
        except (KeyError, TypeError) as error:
            raise DataError(
                f"{self.files.path(EXCHANGE)}: not what a sweep writes: {error!r}; begin it anew by --overwrite"
            ) from None

    def write_exchange(self, exchange: Exchange) -> None:
        self._write(EXCHANGE, exchange.to_json())

    def best(self) -> Trial | None:
        """See :func:`best_of`."""
        return best_of(self.trials(), self.space.config.mode)

    def write_best(self, trial: Trial, model: str) -> None:
        """best.json, and the files with its parameters. ``model``: what it is called in the workspace."""
        made = self.space.put(trial.scored_with)
        files: dict[str, Any] = {"train": made.train}
        if made.transform is not None:
            files["transform"] = saved_as(made.transform, f"{self.name}-best")
        for name, document in files.items():
            self._write(f"best/{name}.json", document)
        best: dict[str, Any] = {
            "trial": trial.id,
            "metric": trial.metric,
            "parameters": trial.scored_with,
            "model": model,
        }
        if trial.checkpoint is not None and len(stages := trial.stages(trial.checkpoint)) > 1:
            best["stages"] = stages
        self._write(
            BEST, best | {name: f"best/{name}.json" if name in files else None for name in ("train", "transform")}
        )

    def to_json(self) -> dict[str, Any]:
        """For ``--json`` and for tables."""
        config, trials = self.space.config, self.trials()
        best = best_of(trials, config.mode)
        return {
            "sweep": self.name,
            "metric": {"name": config.metric, "mode": config.mode},
            "parameters": list(self.space.names),
            "trials": [{**trial.to_json(), "scored_with": trial.scored_with} for trial in trials],
            "best": None if best is None else best.id,
            "model": self.files.read_json(BEST)["model"] if self.files.exists(BEST) else None,
        }

    def _write(self, path: str, document: Any) -> None:
        text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
        self.files.replace(path, f"{text}\n".encode())


def _differ(one: Documents, other: Documents, name: str, alike: Mapping[str, Any]) -> bool:
    """Whether two trainings or two queries differ elsewhere than in the values that are put into both."""
    for place in alike:
        try:
            one, other = one.put({place: alike[place]}), other.put({place: alike[place]})
        except ValueError:  # a place that only one of the two has
            continue
    return bool(getattr(one, name) != getattr(other, name))


def best_of(trials: Sequence[Trial], mode: Literal["min", "max"]) -> Trial | None:
    """Of those that did not fail and have a metric; of equal ones the first that was trained to it itself."""
    sign = 1 if mode == "min" else -1

    def rank(trial: Trial) -> tuple[float, bool]:
        inherited = trial.checkpoint is not None and trial.stages(trial.checkpoint)[-1]["trial"] != trial.id
        return sign * (trial.metric or 0.0), inherited

    known = [trial for trial in trials if trial.metric is not None and trial.status != "failed"]
    return min(known, key=rank, default=None)


def _path(id: str) -> str:  # noqa: A002
    return f"trials/{id}/trial.json"
