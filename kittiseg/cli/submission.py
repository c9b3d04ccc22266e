"""A command line that another machine is to run: parsed here, so that a mistake shows at once, and made portable."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import typer

_STAY = {"submit", "jobs", "cluster"}
_PLACES = {"keep", "out", "output", "graph"}
"""Options that name what is written, not what is read; some have a default, and a job's own folder is thrown away."""


def portable(context: typer.Context, words: list[str]) -> list[str | Path]:
    """The options before the command and the command, for a job. A Path is a JSON file that has to go along.

    Other paths are made absolute: the cluster must see them. A usage error where the command would be one here.
    """
    root = context.find_root()
    group: Any = root.command
    name = words[0]
    if name in _STAY:
        raise typer.BadParameter(
            f"'{name}' is for this machine; submit a stage, as in: submit -- train CONFIG.json ..."
        )
    if name not in group.commands:
        group.resolve_command(root, words)  # says so, with what was perhaps meant
    command = group.commands[name]
    parsed = command.make_context(name, words[1:], parent=root)
    given = {**root.params, "workspace": absolute(root.params["workspace"]), "address": None, "version": None}
    return [*_rebuilt(group, given, root), name, *_rebuilt(command, parsed.params, parsed)]


def job_name(words: list[str]) -> str:
    """What the command is about: ``train-unet-kitti-veh``."""
    parts = [part for word in words for part in (word.split("=", 1) if word.startswith("--") else [word])]
    named = [after for before, after in pairwise(parts) if before == "--name"]
    inputs = [Path(part).stem for part in parts[1:] if not part.startswith("-") and Path(part).stem != words[0]]
    return "-".join([words[0], *(named or inputs)[:1]])


def absolute(place: str) -> str:
    return place if "://" in place else str(Path(place).expanduser().resolve())


def _rebuilt(command: Any, values: dict[str, Any], context: Any) -> list[str | Path]:
    """The words that give a command these values: options first."""
    options: list[str | Path] = []
    arguments: list[str | Path] = []
    for parameter in command.params:
        value = values.get(parameter.name)
        chosen = context.get_parameter_source(parameter.name).name != "DEFAULT" or parameter.name in _PLACES
        if value is None or not (chosen or parameter.name == "workspace"):
            continue
        if parameter.param_type_name == "argument":
            arguments += _each(parameter, value)
        elif parameter.is_flag:
            options += [max(parameter.opts, key=len)] if value else []
        else:
            options += [word for one in _each(parameter, value) for word in (max(parameter.opts, key=len), one)]
    return [*options, *arguments]


def _each(parameter: Any, value: Any) -> Iterator[str | Path]:
    for one in value if isinstance(value, list | tuple) else [value]:
        is_json = isinstance(one, str | Path) and str(one).endswith(".json") and Path(one).is_file()
        if parameter.name in _PLACES or (isinstance(one, Path) and not is_json):
            yield absolute(str(one))
        else:
            yield Path(one) if is_json else str(one)
