"""A command line that another machine is to run: parsed here, so that a mistake shows at once, and made portable."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import typer

from kittiseg.cli.session import Options
from kittiseg.errors import ConfigError

_STAY = {"submit", "jobs", "cluster"}
_TAKE_QUERIES = {"train", "calibrate"}
"""Commands whose --project may be the file of a query instead."""
_PLACES = {"keep", "out", "output", "graph"}
"""Options that name what is written, not what is read; some have a default, and a job's own folder is thrown away."""


@dataclass(frozen=True)
class Command:
    """What a job runs: ``words`` after ``kittiseg``. A Path among them is a JSON file that has to go along.

    ``options`` are those of kittiseg itself, wherever they stood; ``about`` is what the job may be called after.
    """

    words: list[str | Path]
    options: Options
    about: str


def portable(context: typer.Context, words: list[str]) -> Command:
    """The command that stands after ``submit --``, with its options and those before it, which win over submit's own.

    Other paths than JSON files are made absolute: the cluster must see them. A usage error where the command would be
    one here, ConfigError where a JSON file is missing, or a sweep is wrong.
    """
    root = context.find_root()
    group: Any = root.command
    words = words[1:] if words[0] == root.info_name else words
    _, rest, _ = group.make_parser(root).parse_args([*words])
    if not rest or rest[0] in _STAY:
        found = f"'{rest[0]}' is for this machine" if rest else "no command stands after --"
        raise typer.BadParameter(f"{found}; submit a stage, as in: submit -- train CONFIG.json ...")
    inner = group.make_context(root.info_name, words)
    name = rest[0]
    if name not in group.commands:
        group.resolve_command(root, rest)  # says so, with what was perhaps meant
    command = group.commands[name]
    parsed = command.make_context(name, rest[1:], parent=root)
    later = {option: inner.params[option] for option in _chosen(inner, unless=("DEFAULT", "ENVIRONMENT"))}
    given = {**root.params, **later}
    told = {**given, "workspace": absolute(given["workspace"]), "address": None, "version": None}
    before = _rebuilt(group, told, {"workspace", *later, *_chosen(root)})
    after = _rebuilt(command, parsed.params, _chosen(parsed))
    if name == "tune":
        from kittiseg.tuning.reading import read_space

        read_space(parsed.params["config"])  # the files that it names are these, not the copies that the job has
    return Command(
        [*before, name, *after], Options(**{field.name: given[field.name] for field in fields(Options)}), job_name(rest)
    )


def job_name(words: list[str]) -> str:
    """What the command is about: ``train-unet-kitti-veh``."""
    parts = [part for word in words for part in (word.split("=", 1) if word.startswith("--") else [word])]
    named = [after for before, after in pairwise(parts) if before == "--name"]
    inputs = [Path(part).stem for part in parts[1:] if not part.startswith("-") and Path(part).stem != words[0]]
    return "-".join([words[0], *(named or inputs)[:1]])


def absolute(place: str) -> str:
    return place if "://" in place else str(Path(place).expanduser().resolve())


def _chosen(context: Any, *, unless: tuple[str, ...] = ("DEFAULT",)) -> set[str]:
    """The parameters that were given, and not by these ways."""
    return {name for name in context.params if context.get_parameter_source(name).name not in unless}


def _rebuilt(command: Any, values: dict[str, Any], chosen: set[str]) -> list[str | Path]:
    """The words that give a command these values: options first."""
    options: list[str | Path] = []
    arguments: list[str | Path] = []
    for parameter in command.params:
        value = values.get(parameter.name)
        if value is None or parameter.name not in chosen | _PLACES:
            continue
        if parameter.param_type_name == "argument":
            arguments += _each(parameter, value)
        elif parameter.is_flag:
            options += [max(parameter.opts, key=len)] if value else []
        else:
            reads = command.name in _TAKE_QUERIES and parameter.name == "project"
            options += [
                word for one in _each(parameter, value, reads=reads) for word in (max(parameter.opts, key=len), one)
            ]
    return [*options, *arguments]


def _each(parameter: Any, value: Any, *, reads: bool = False) -> Iterator[str | Path]:
    """``reads``: what ends in .json is a file that is read, also where the parameter's type does not say so."""
    for one in value if isinstance(value, list | tuple) else [value]:
        is_json = isinstance(one, str | Path) and str(one).endswith(".json") and parameter.name not in _PLACES
        if is_json and Path(one).is_file():
            yield Path(one)
        elif is_json and (reads or isinstance(one, Path)):
            raise ConfigError(f"{one}: no such file; a job takes its JSON files along, so they must be here")
        else:
            yield absolute(str(one)) if isinstance(one, Path) or parameter.name in _PLACES else str(one)
