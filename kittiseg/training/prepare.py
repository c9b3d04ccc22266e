"""Before the workers start: the model's folder with its config and first weights, and the job that they are given."""

import json
import uuid
from dataclasses import dataclass, replace

import safetensors.torch

from kittiseg.config import to_json
from kittiseg.errors import ConfigError, ModelError, Problem
from kittiseg.inference.config import InferenceConfig
from kittiseg.progress import Progress
from kittiseg.project.store import Files, Workspace
from kittiseg.training.checkpoints import list_checkpoints
from kittiseg.training.classes import ClassIndex
from kittiseg.training.config import TrainConfig
from kittiseg.training.devices import DevicePlan
from kittiseg.training.model import ModelConfig, json_bytes
from kittiseg.training.run_record import now, read_run, write_run
from kittiseg.training.sources import Source
from kittiseg.training.weights import Init, first_weights
from kittiseg.training.whole import WholePictures, find_whole_pictures

CONFIG = "config.json"
INIT = "init.safetensors"
QUERY = "query.json"
"""Beside a model that was trained on what a query makes: that query."""

_MAY_CHANGE = {
    "epochs",
    "devices",
    "data_workers",
    "samples_in",
    "compile",
    "validate_on",
    "best_by",
    "keep",
    "early_stopping",
    "trackers",
}  # without changing what the steps already made would have been


@dataclass(frozen=True, kw_only=True)
class TrainRequest:
    """A training that somebody wants: model ``name`` from ``source``. ``init``: whose weights it begins with.

    ``windows``: the inference config that the model is for; without one that of ``config.validate_on``. ``projects``:
    the workspace that has the project of ``config.validate_on``; without one the model's. ``until``: see TrainJob.
    """

    source: Source
    name: str
    config: TrainConfig
    init: Init | None = None
    overwrite: bool = False
    windows: InferenceConfig | None = None
    projects: Workspace | None = None
    until: int | None = None


@dataclass(frozen=True, kw_only=True)
class TrainJob:
    """What every worker of a training is given.

    ``model``: the folder, with config.json and first weights in it. ``samples``: the folder of the prepared pictures,
    as :func:`~kittiseg.training.sample_files.write_samples` fills it. ``whole``: the whole pictures that it validates
    on. ``windows``: the inference config that its scale should fit. ``until``: it pauses after so many validations, to
    be gone on with as if it had not; None where it trains to its end.
    """

    model: Files
    samples: Files
    source: Source
    config: ModelConfig
    plan: DevicePlan
    whole: WholePictures | None = None
    windows: InferenceConfig | None = None
    until: int | None = None


def prepare(workspace: Workspace, request: TrainRequest, plan: DevicePlan, progress: Progress) -> TrainJob:
    """Makes the model's folder, which appears whole, and gives the job for the workers.

    Everything that can be wrong with the request is found here, before a model of that name is replaced. It lies
    :func:`aside` then, to be removed or put back by :func:`kittiseg.training.alone.alone_at`.
    """
    workspace.refuse_existing(request.name, kind="model", overwrite=request.overwrite)
    config = ModelConfig(request.config, ClassIndex.of(request.source.meta, request.config.special_classes))
    whole = find_whole_pictures(request.projects or workspace, config)
    weights, origin = first_weights(config, request.init, progress)
    partial = f"models/.{request.name}.{uuid.uuid4().hex[:8]}.partial"
    draft = workspace.files.within(partial)
    draft.make_folder("checkpoints")
    draft.write(CONFIG, config.to_bytes())
    draft.write(INIT, safetensors.torch.save(weights))
    if request.source.query is not None:
        draft.write(QUERY, json_bytes(request.source.query))
    write_run(draft, {**request.source.record, "prepared": now(), "init": origin, "sessions": []})
    workspace.files.remove(aside(request.name))
    if workspace.files.exists(f"models/{request.name}"):
        workspace.files.move(f"models/{request.name}", aside(request.name), known_by=CONFIG)
    workspace.files.move(partial, f"models/{request.name}", known_by=CONFIG)
    return _job(request, workspace.model_files(request.name), config, plan, whole)


def aside(name: str) -> str:
    """Where a model that is being replaced lies in the workspace until the new one has its first checkpoint."""
    return f"models/.{name}.old"


def resume(workspace: Workspace, request: TrainRequest, plan: DevicePlan) -> TrainJob:
    """The job that goes on with a model that is there. ConfigError where config or query are not those it began with.

    More (or fewer) ``epochs``, where no rate hangs on them, other ``devices``, ``data_workers``, ``samples_in``,
    ``compile``, ``early_stopping``, ``keep``, ``validate_on``, ``best_by`` and ``trackers`` are fine.
    """
    model = workspace.model_files(request.name)
    known = read_model_config(model)
    _refuse_changes(request, known, model)
    if not model.exists(INIT) and not any(checkpoint.can_go_on for checkpoint in list_checkpoints(model).whole):
        raise ModelError(
            f"model '{request.name}' has no checkpoint that remembers the optimizer, so it cannot be gone on with; "
            f'train a new one from it by "weights_init_type": "continue_training" and --init {request.name}'
        )
    config = replace(known, settings=request.config)
    whole = find_whole_pictures(request.projects or workspace, config)
    model.replace(CONFIG, config.to_bytes())
    return _job(request, model, config, plan, whole)


def read_model_config(model: Files) -> ModelConfig:
    """The config.json of a model's folder."""
    return ModelConfig.from_json(model.read_json(CONFIG), source=model.path(CONFIG))


def _job(
    request: TrainRequest, model: Files, config: ModelConfig, plan: DevicePlan, whole: WholePictures | None
) -> TrainJob:
    windows = request.windows or (whole.config if whole else None)
    return TrainJob(
        model=model,
        samples=model.above(1).within(f".{request.name}.samples"),
        source=request.source,
        config=config,
        plan=plan,
        whole=whole,
        windows=windows,
        until=request.until,
    )


def _refuse_changes(request: TrainRequest, known: ModelConfig, model: Files) -> None:
    before, after = to_json(known.settings), to_json(request.config)
    problems = [
        Problem(f"/{key}", f"is {json.dumps(after[key])} now and was {json.dumps(before[key])}")
        for key in before
        if before[key] != after[key] and key not in _MAY_CHANGE
    ]
    schedule, epochs = request.config.schedule, (known.settings.epochs, request.config.epochs)
    if schedule is not None and schedule.needs_end and epochs[0] != epochs[1]:
        message = f"is {epochs[1]} now and was {epochs[0]}, on which the rates of the schedule '{schedule.name}' hang"
        problems.append(Problem("/epochs", message))
    if request.config.early_stopping is not None and before["best_by"] != after["best_by"]:
        message = f"is '{after['best_by']}' now and was '{before['best_by']}', by which early_stopping has counted"
        problems.append(Problem("/best_by", message))
    problems += _changed_query(request.source, model)
    classes = ClassIndex.of(request.source.meta, request.config.special_classes)
    if dict(classes.index) != dict(known.classes.index):
        problems.append(Problem("", f"the project has the classes {classes.names} now and had {known.classes.names}"))
    if problems:
        remedy = "undo the changes, or train under another --name"
        raise ConfigError(f"model '{request.name}' cannot be resumed with another config; {remedy}", problems)


def _changed_query(source: Source, model: Files) -> list[Problem]:
    """What is other than when the model was begun; a query is the same in another file too."""
    before = model.read_json(QUERY) if model.exists(QUERY) else None
    if (before is None) != (source.query is None):
        trained = "a project" if before is None else f"what a query makes ({model.path(QUERY)})"
        return [Problem("--project", f"the model was begun on {trained}, not on {source.label}")]
    seed, known_seed = source.record.get("query_seed"), read_run(model).get("query_seed")
    problems = [] if seed == known_seed else [Problem("--seed", f"is {seed} now and was {known_seed}")]
    if before != source.query:
        problems.append(Problem("--project", f"{source.label} is not what it was; that is in {model.path(QUERY)}"))
    return problems
