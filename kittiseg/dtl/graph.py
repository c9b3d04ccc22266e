"""Checks a query as a whole and compiles it: who reads whom, which classes and tags go where.

Every problem of the query is told at once. Classes and tags flow through the layers before any picture is read.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from functools import reduce
from graphlib import TopologicalSorter
from typing import Any

from kittiseg.config import did_you_mean
from kittiseg.dtl.layer import Layer, Sink, Source, Transform
from kittiseg.dtl.program import Node, Program
from kittiseg.dtl.query import NOWHERE, Step, read_steps
from kittiseg.errors import ConfigError, DataError, Problem
from kittiseg.project.meta import ProjectMeta

Writers = dict[str, list[int]]
"""``$name`` -> the layers that write it."""


def compile_graph(
    document: list[Any],
    metas: Mapping[str, ProjectMeta],
    *,
    seed: int,
    source: str,
    catalog: Mapping[str, Collection[str]] | None = None,
) -> Program:
    """The program that a query means; ConfigError with every problem in it, ``source`` being its name.

    ``metas``: of the projects that it reads (``query.source_projects``). ``catalog``: every project that there is with
    its data sets, for the nearest right word; without it, data sets are not checked.
    """
    steps, problems = read_steps(document)
    writers = _writers(steps)
    problems += _wrong_ends(steps)
    problems += [problem for step in steps for problem in _unwritten(step, writers)]
    problems += [problem for step in steps for problem in _unknown_places(step, metas, catalog)]
    edges = _edges(steps, writers)
    problems += [problem for step in steps for problem in _unfit_for_recipe(step, steps, edges)]
    loops = _loops(edges)
    problems += [_loop_problem(steps, loop) for loop in loops]
    looped = {index for loop in loops for index in loop}
    straight = {index: reads for index, reads in edges.items() if not {index, *_reachable(index, edges)} & looped}
    leaving, found = _flow(steps, metas, straight)
    problems += found
    if problems:
        raise ConfigError(source, sorted(problems, key=_position))
    labels = _labels(steps)
    return Program(tuple(_node(step, steps, labels[step.index], leaving[step.index]) for step in steps), seed)


def _writers(steps: list[Step]) -> Writers:
    found: Writers = {}
    for step in steps:
        for name in step.dst:
            if not issubclass(step.kind, Sink) and name != NOWHERE:
                found.setdefault(name, []).append(step.index)
    return found


def _wrong_ends(steps: list[Step]) -> list[Problem]:
    """A query has a data layer at least, and exactly one layer that saves."""
    problems = []
    if not any(issubclass(step.kind, Source) for step in steps):
        problems.append(Problem("", "no data layer: nothing comes in; begin with one of action 'data'"))
    saves = [step for step in steps if issubclass(step.kind, Sink)]
    if not saves:
        problems.append(Problem("", "no save layer: nothing is written; end with one of action 'supervisely'"))
    for step in saves[1:]:
        message = f"a second save layer (the first is {saves[0].at()}): a query writes one project"
        problems.append(Problem(step.at("action"), message))
    return problems


def _unwritten(step: Step, writers: Writers) -> list[Problem]:
    """Names that are read and never written."""
    if issubclass(step.kind, Source):
        return []
    return [
        Problem(step.at("src", index), f"no layer writes '{name}'{did_you_mean(name, writers)}")
        for index, name in enumerate(step.src)
        if name not in writers and name.startswith("$")  # read_steps tells of the others
    ]


def _unknown_places(
    step: Step, metas: Mapping[str, ProjectMeta], catalog: Mapping[str, Collection[str]] | None
) -> list[Problem]:
    problems: list[Problem] = []
    for index, place in enumerate(step.src if issubclass(step.kind, Source) else ()):
        project, _, dataset = place.partition("/")
        datasets = (catalog or {}).get(project)
        if "/" not in place or place.startswith(("$", "*")):
            continue  # told by read_steps
        if project not in metas:
            message = f"no project '{project}'{did_you_mean(project, catalog or metas)}"
            problems.append(Problem(step.at("src", index), message))
        elif dataset != "*" and datasets is not None and dataset not in datasets:
            message = f"project '{project}' has no data set '{dataset}'{did_you_mean(dataset, datasets)}"
            problems.append(Problem(step.at("src", index), message))
    return problems


def _unfit_for_recipe(sink: Step, steps: list[Step], edges: Mapping[int, Iterable[int]]) -> list[Problem]:
    """What a recipe cannot hold: other pixels than its sources', and sources that it replaces."""
    if not isinstance(sink.layer, Sink) or sink.layer.layout.kind != "recipe":
        return []
    before = [steps[index] for index in sorted(_reachable(sink.index, edges))]
    message = (
        f"changes pixels, which a recipe (layer {sink.at()}) cannot hold, only windows and mirrors; "
        "save by a layer of action 'supervisely' or 'parquet'"
    )
    problems = [
        Problem(step.at("action"), f"'{step.action}' {message}")
        for step in before
        if issubclass(step.kind, Transform) and step.kind.repaints
    ]
    sources = {place.split("/")[0] for step in steps if issubclass(step.kind, Source) for place in step.src}
    if sources & set(sink.dst):
        problems.append(Problem(sink.at("dst"), "recipes cannot replace the project that they are of; choose another"))
    return problems


def _edges(steps: list[Step], writers: Writers) -> dict[int, list[int]]:
    """Each layer -> the layers that it reads, in the order of its ``src``."""
    reads = {step.index: () if issubclass(step.kind, Source) else step.src for step in steps}
    return {
        index: list(dict.fromkeys(writer for name in names for writer in writers.get(name, ())))
        for index, names in reads.items()
    }


def _loops(edges: Mapping[int, Iterable[int]]) -> list[list[int]]:
    """Groups of layers each of which reads, over others, what it writes itself."""
    before = {index: _reachable(index, edges) for index in edges}
    groups = {tuple(sorted(other for other in before[index] if index in before[other])) for index in edges}
    return [list(group) for group in sorted(groups) if group]


def _reachable(start: int, edges: Mapping[int, Iterable[int]]) -> set[int]:
    found: set[int] = set()
    todo = list(edges[start])
    while todo:
        index = todo.pop()
        if index not in found:
            found.add(index)
            todo += edges[index]
    return found


def _loop_problem(steps: list[Step], loop: list[int]) -> Problem:
    members = ", ".join(f"{steps[index].at()} ({steps[index].action})" for index in loop)
    return Problem(steps[loop[0]].at("src"), f"a loop: pictures would go round for ever through {members}")


def _flow(
    steps: list[Step], metas: Mapping[str, ProjectMeta], edges: Mapping[int, list[int]]
) -> tuple[dict[int, ProjectMeta | None], list[Problem]]:
    """Classes and tags that leave each layer; None behind a layer that has a problem."""
    leaving: dict[int, ProjectMeta | None] = {}
    problems: list[Problem] = []
    for index in TopologicalSorter(edges).static_order():
        step = steps[index]
        if issubclass(step.kind, Source):
            entering = [metas.get(step.src[0].split("/")[0])] if step.src else []
        else:
            entering = [leaving[writer] for writer in edges[index]]
        leaving[index], found = _declare(step, entering)
        problems += found
    return leaving, problems


def _declare(step: Step, entering: list[ProjectMeta | None]) -> tuple[ProjectMeta | None, list[Problem]]:
    known = [meta for meta in entering if meta is not None]
    if step.layer is None or len(known) < len(entering) or not known:
        return None, []
    try:
        merged = reduce(ProjectMeta.merge, known)
    except DataError as error:
        return None, [Problem(step.at("src"), str(error))]
    try:
        return step.layer.declare(merged), []
    except ConfigError as error:
        here = step.at("settings")
        return None, [Problem(here + problem.pointer, problem.message) for problem in error.problems]


def _position(problem: Problem) -> int:
    """Problems of the whole query first, then layer by layer."""
    index = problem.pointer[1:].split("/")[0]
    return int(index) if index else -1


def _labels(steps: list[Step]) -> list[str]:
    """Action and outputs of each layer, numbered where two layers have the same."""
    seen: Counter[str] = Counter()
    labels = []
    for step in steps:
        label = " ".join((step.action, *step.dst))
        seen[label] += 1
        labels.append(label if seen[label] == 1 else f"{label} #{seen[label]}")
    return labels


def _node(step: Step, steps: list[Step], label: str, meta: ProjectMeta | None) -> Node:
    layer: Layer | None = step.layer
    assert layer is not None
    assert meta is not None
    readers = tuple(tuple(other.index for other in steps if name in other.src and name != NOWHERE) for name in step.dst)
    if isinstance(layer, Sink):
        readers = ((),)
    return Node(step.index, step.action, label, layer, step.settings, step.src, step.dst, readers, meta)
