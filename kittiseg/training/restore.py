"""A checkpoint of a model as a model of its own."""

import uuid

from kittiseg.project.store import Files, Workspace
from kittiseg.training.checkpoints import CONFIG, Checkpoint, checkpoint_parts, install_checkpoint, resolve
from kittiseg.training.history import HISTORY, append_history, history_until
from kittiseg.training.prepare import QUERY
from kittiseg.training.run_record import now, read_run, write_run
from kittiseg.training.temperature import calibration_of, keep_calibration


def restore(
    workspace: Workspace,
    model: str,
    checkpoint: str,
    name: str,
    *,
    overwrite: bool = False,
    into: Workspace | None = None,
) -> tuple[Files, Checkpoint]:
    """Makes model ``name`` of a checkpoint (``27``, ``best``, ``last``) of another; it keeps its number and history.

    Gives the new model's folder and the checkpoint that it was made of. ``into``: another workspace for it.
    """
    source = workspace.model_files(model)
    found = resolve(source, checkpoint)
    workspace = into or workspace
    workspace.refuse_existing(name, kind="model", overwrite=overwrite)
    partial = f"models/.{name}.{uuid.uuid4().hex[:8]}.partial"
    draft = workspace.files.within(partial)
    draft.make_folder("checkpoints")
    parts = checkpoint_parts(found)
    install_checkpoint(draft, f"{found.number:08d}", parts)
    draft.write(CONFIG, parts[CONFIG])
    if source.exists(QUERY):
        draft.write(QUERY, source.read(QUERY))
    draft.write(HISTORY, b"")
    append_history(draft, history_until(source, step=found.state.step, checkpoint=found.number))
    model = source.root.removeprefix(f"{workspace.files.root}/").removeprefix("models/")
    origin = {"model": model, "checkpoint": found.number, "epoch": found.state.epoch}
    record = calibration_of(source, found.number)
    if record is not None:
        keep_calibration(draft, found.number, record)
    write_run(draft, {**read_run(source), "restored_from": origin, "restored": now()})
    if overwrite:
        workspace.files.remove(f"models/{name}", known_by=CONFIG)
    workspace.files.move(partial, f"models/{name}", known_by=CONFIG)
    return workspace.model_files(name), found
