"""A query as JSON: a list of layers, each with ``action``, ``src``, ``dst`` and ``settings``, read one by one.

What can be said of a layer alone is said here; how layers fit together is ``graph``'s matter.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from annotated_types import MinLen

from kittiseg.config import Doc, did_you_mean, pointer, read_json, settings, try_parse
from kittiseg.dtl.layer import Layer, Router, Sink, Source
from kittiseg.dtl.layers import LAYERS
from kittiseg.errors import ConfigError, Problem, WorkspaceError
from kittiseg.project.store import check_name

NOWHERE = "null"
"""The name under which pictures are thrown away."""


@settings
class Head:
    """What every layer has."""

    action: Annotated[str, Doc("what it does")]
    src: Annotated[tuple[str, ...], MinLen(1), Doc("what it reads: $names, or project/dataset for data")]
    dst: Annotated[str | tuple[str, ...], Doc("the $name that it writes, two for if, the project for supervisely")]
    settings: Annotated[dict[str, Any], Doc("how it does it")]


@dataclass(frozen=True, slots=True)
class Step:
    """One layer of a query as far as it could be read: ``layer`` is None where its settings are wrong."""

    index: int
    action: str
    src: tuple[str, ...]
    dst: tuple[str, ...]
    settings: Any
    layer: Layer | None

    @property
    def kind(self) -> type[Layer]:
        """The class of its action; Layer where there is no such action."""
        return LAYERS.get(self.action, Layer)

    def at(self, *steps: str | int) -> str:
        return pointer(self.index, *steps)


def read_query(path: Path) -> list[Any]:
    """The layers in a file. ConfigError where it is no JSON list."""
    document = read_json(path)
    if not isinstance(document, list):
        raise ConfigError(f"{path}: a query is a list of layers, not {type(document).__name__}")
    return document


def source_projects(document: list[Any]) -> list[str]:
    """The projects that a query reads, sorted, as far as it can be read."""
    steps = [_loose_step(index, entry) for index, entry in enumerate(document)]
    found = {place.split("/")[0] for step in steps if issubclass(step.kind, Source) for place in step.src}
    return sorted(found - {""})


def read_steps(document: list[Any]) -> tuple[list[Step], list[Problem]]:
    """Every layer, and everything that is wrong with one of them alone."""
    steps, problems = [], []
    for index, entry in enumerate(document):
        step = _loose_step(index, entry)
        _, told = try_parse(Head, entry, at=pointer(index))
        problems += told
        if isinstance(entry, dict):
            unfit = {problem.pointer.split("/")[2] for problem in told}
            found = [*_wrong_action(step), *_wrong_count(step, entry), *_wrong_sources(step), *_wrong_targets(step)]
            problems += [problem for problem in found if problem.pointer.split("/")[2] not in unfit]
        layer, settings_problems = _read_settings(step)
        problems += settings_problems
        steps.append(replace(step, layer=layer))
    return steps, problems


def _loose_step(index: int, entry: Any) -> Step:
    """What can be made out of a layer, right or wrong, so that its neighbours can be checked too."""
    head = entry if isinstance(entry, dict) else {}
    action = "".join(_words(head.get("action")))
    return Step(index, action, _words(head.get("src")), _words(head.get("dst")), head.get("settings"), None)


def _words(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(word for word in values if isinstance(word, str))


def _read_settings(step: Step) -> tuple[Layer | None, list[Problem]]:
    if step.kind is Layer or not isinstance(step.settings, dict):
        return None, []
    return try_parse(step.kind, {} if step.kind.free_settings else step.settings, at=step.at("settings"))


def _wrong_action(step: Step) -> list[Problem]:
    if step.kind is not Layer:
        return []
    return [Problem(step.at("action"), f"'{step.action}' is not a layer{did_you_mean(step.action, LAYERS)}")]


def _wrong_count(step: Step, entry: dict[str, Any]) -> list[Problem]:
    """A router has two ``dst`` in a list, every other layer one, without a list."""
    wanted = 2 if issubclass(step.kind, Router) else 1
    if step.kind is Layer:
        return []
    if len(step.dst) == wanted:
        needless = wanted == 1 and isinstance(entry["dst"], list)
        message = f"'{step.action}' writes one name, not a list: write \"{step.dst[0]}\" without brackets"
        return [Problem(step.at("dst"), message)] if needless else []
    words = 'two names, ["$yes", "$no"]' if wanted == 2 else "one name"
    return [Problem(step.at("dst"), f"'{step.action}' writes {words}, not {len(step.dst)}")]


def _wrong_sources(step: Step) -> list[Problem]:
    if issubclass(step.kind, Source):
        return _wrong_places(step)
    problems = []
    for index, name in enumerate(step.src):
        if name == NOWHERE:
            message = f"nothing can be read from '{NOWHERE}': what is written there is gone"
            problems.append(Problem(step.at("src", index), message))
        elif not name.startswith("$") and step.kind is not Layer:
            problems.append(Problem(step.at("src", index), f"'{name}' must begin with '$': write '${name}'"))
    return problems


def _wrong_places(step: Step) -> list[Problem]:
    problems = []
    for index, place in enumerate(step.src):
        if place.count("/") != 1 or not all(place.split("/")) or place.startswith(("$", "*")):
            message = f"'{place}' is no place: write 'project/dataset', or 'project/*' for all data sets of a project"
            problems.append(Problem(step.at("src", index), message))
    projects = sorted({place.split("/")[0] for place in step.src})
    if not problems and len(projects) > 1:
        message = f"one data layer reads one project, not {len(projects)} ({', '.join(projects)}); add a layer for each"
        problems.append(Problem(step.at("src"), message))
    return problems


def _wrong_targets(step: Step) -> list[Problem]:
    if step.kind is Layer:
        return []
    if issubclass(step.kind, Sink):
        return _wrong_project(step)
    places = [("dst", index) for index in range(len(step.dst))] if issubclass(step.kind, Router) else [("dst",)]
    return [
        Problem(step.at(*place), f"'{name}' must begin with '$' or be '{NOWHERE}': write '${name}'")
        for place, name in zip(places, step.dst, strict=False)
        if name != NOWHERE and not name.startswith("$")
    ]


def _wrong_project(step: Step) -> list[Problem]:
    try:
        for name in step.dst:
            check_name(name, what="project")
    except WorkspaceError as error:
        return [Problem(step.at("dst"), str(error))]
    return []
