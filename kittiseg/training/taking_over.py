"""A model that goes on from a checkpoint of another, with other settings, as a population's trials do."""

import json
import time
from dataclasses import asdict, replace

from kittiseg.config import to_json
from kittiseg.errors import KittisegError, ModelError
from kittiseg.project.store import Files, Workspace
from kittiseg.training.checkpoints import STATE, Checkpoint, checkpoint_parts, install_checkpoint, list_checkpoints
from kittiseg.training.config import TrainConfig
from kittiseg.training.prepare import CONFIG, read_model_config
from kittiseg.training.restore import restore
from kittiseg.training.run_record import read_run, write_run

_TRIES, _PAUSE_S = 20, 0.5
_TAKEN = "taken_over"


def take_over(models: Workspace, name: str, *, other: str, checkpoint: int, config: TrainConfig) -> None:
    """Model ``name`` becomes checkpoint ``checkpoint`` of ``other``, ready to be resumed with ``config``.

    Where that one is gone, or can no longer be gone on with, it becomes the newest that can. The rate is that of the
    checkpoint by as much higher or lower as the config's is. Done twice, it is done once: a training that has gone on
    since stays.
    """
    mark = {"model": other, "checkpoint": checkpoint, "settings": to_json(config)}
    model = models.files.within(f"models/{name}")
    if model.exists(CONFIG) and read_run(model).get(_TAKEN) == mark:
        return
    for attempt in range(_TRIES):  # the other goes on meanwhile, and removes what it no longer needs
        try:
            found = _find(models.model_files(other), checkpoint)
            restore(models, other, str(found.number), name, overwrite=True)
            break
        except KittisegError:
            if attempt + 1 == _TRIES:
                raise
            time.sleep(_PAUSE_S)
    _change(model, config)
    write_run(model, {**read_run(model), _TAKEN: mark})


def _find(model: Files, number: int) -> Checkpoint:
    able = [each for each in list_checkpoints(model).whole if each.can_go_on]
    if not able:
        raise ModelError(f"{model.root}: no checkpoint that remembers the optimizer")
    return next((each for each in able if each.number == number), able[-1])


def _change(model: Files, config: TrainConfig) -> None:
    known = read_model_config(model)
    (checkpoint,) = list_checkpoints(model).whole
    lr = checkpoint.state.lr * config.lr / known.settings.lr
    state = replace(checkpoint.state, lr=lr, class_weights=())  # those are reckoned again, as the config has them
    parts = {**checkpoint_parts(checkpoint), STATE: json.dumps(asdict(state)).encode()}
    install_checkpoint(model, f"{checkpoint.number:08d}", parts)
    model.replace(CONFIG, replace(known, settings=config).to_bytes())
