"""A model that goes on from a checkpoint of another, with other settings, as a population's trials do."""

import json
from dataclasses import asdict, replace

from kittiseg.config import to_json
from kittiseg.project.store import Files, Workspace
from kittiseg.training.checkpoints import STATE, checkpoint_parts, install_checkpoint, list_checkpoints
from kittiseg.training.config import TrainConfig
from kittiseg.training.prepare import CONFIG, read_model_config
from kittiseg.training.restore import restore
from kittiseg.training.run_record import read_run, write_run

_TAKEN = "taken_over"


def take_over(models: Workspace, name: str, *, other: str, checkpoint: int, config: TrainConfig) -> None:
    """Model ``name`` becomes checkpoint ``checkpoint`` of ``other``, ready to be resumed with ``config``.

    The checkpoint must remember the optimizer. The rate is that of the checkpoint by as much higher or lower as the
    config's is. Done twice, it is done once: a training that has gone on since stays.
    """
    mark = {"model": other, "checkpoint": checkpoint, "settings": to_json(config)}
    model = models.files.within(f"models/{name}")
    if model.exists(CONFIG) and read_run(model).get(_TAKEN) == mark:
        return
    restore(models, other, str(checkpoint), name, overwrite=True)
    _change(model, config)
    write_run(model, {**read_run(model), _TAKEN: mark})


def _change(model: Files, config: TrainConfig) -> None:
    known = read_model_config(model)
    (checkpoint,) = list_checkpoints(model).whole
    lr = checkpoint.state.lr * config.lr / known.settings.lr
    state = replace(checkpoint.state, lr=lr, class_weights=())  # those are reckoned again, as the config has them
    parts = {**checkpoint_parts(checkpoint), STATE: json.dumps(asdict(state)).encode()}
    install_checkpoint(model, f"{checkpoint.number:08d}", parts)
    model.replace(CONFIG, replace(known, settings=config).to_bytes())
