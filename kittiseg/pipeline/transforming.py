"""TRANSFORM: a query makes a project of one or more others."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from kittiseg.dtl import Plan, Program, compile_graph, explain, read_query, source_projects, warn_of_empty
from kittiseg.errors import DataError, KittisegError
from kittiseg.pipeline.run import Output, Run, digest_of, provenance
from kittiseg.project import pixels
from kittiseg.project.item import Item, ItemKey
from kittiseg.project.store import Draft, Project


@dataclass(frozen=True, kw_only=True)
class Transformed:
    """The project that a query made. ``digest`` is of every picture and annotation in it.

    ``counts``: how many pictures left each layer.
    """

    project: str
    images: int
    datasets: Mapping[str, int]
    tags: Mapping[str, int]
    counts: tuple[int, ...]
    digest: str
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def plan_transform(run: Run, query: Path) -> Plan:
    """What the query would make, without reading a pixel."""
    program, projects, keys = _compile(run, query)
    return explain(
        program,
        keys,
        load=lambda key: projects[key.project].item(key),
        size_of=lambda key: projects[key.project].picture_size(key),
    )


def transform(run: Run, query: Path, *, overwrite: bool = False) -> Transformed:
    """Runs a query. The project appears whole; pictures that cannot be done are all named in one DataError."""
    program, projects, keys = _compile(run, query)
    with run.drafts([program.output], overwrite=overwrite) as (draft,):
        make = partial(_transform_picture, program, projects, draft)
        rows = list(run.map(make, keys, title=f"transform {program.output}", unit="pictures"))
        errors = [row.error for row in rows if row.error is not None]
        if errors:
            listed = "\n  ".join(errors)
            raise DataError(f"{query}: {len(errors)} of {len(rows)} pictures cannot be transformed\n  {listed}")
        made = _summarize(program, rows)
        for warning in made.warnings:
            run.progress.warn(warning)
        facts = {
            "query": read_query(query),
            "sources": {name: project.digest for name, project in projects.items()},
            "counts": made.counts,
            "digest": made.digest,
        }
        draft.commit(program.meta, provenance(run, "transform", **facts))
    return made


@dataclass(frozen=True, slots=True)
class _Row:
    """What one source picture gave."""

    counts: tuple[int, ...] = ()
    outputs: tuple[Output, ...] = ()
    tags: Mapping[str, int] | None = None
    warnings: tuple[str, ...] = ()
    error: str | None = None


def _compile(run: Run, query: Path) -> tuple[Program, dict[str, Project], list[ItemKey]]:
    """The program, the projects that it reads, and their pictures that it reads."""
    document = read_query(query)
    catalog = {name: run.workspace.project(name).datasets for name in run.workspace.projects()}
    wanted = source_projects(document)
    projects = {name: run.workspace.project(name) for name in wanted if name in catalog}
    metas = {name: project.meta for name, project in projects.items()}
    place = "" if len(projects) == len(wanted) else f" in the workspace {run.workspace.files.root}"
    program = compile_graph(document, metas, seed=run.seed, source=f"{query}{place}", catalog=catalog)
    keys = [key for name, chosen in program.sources.items() for key in projects[name].keys(chosen)]
    return program.with_sources(keys), projects, keys


def _transform_picture(program: Program, projects: Mapping[str, Project], draft: Draft, key: ItemKey) -> _Row:
    """All that is made of one picture, written; runs in a worker, and may run again after one died."""
    try:
        made = program.run(projects[key.project].item(key))
        for dataset in {item.dataset for item in made.items}:
            draft.add_dataset(dataset)
        outputs = tuple(
            (item.dataset, name, draft.write(item.dataset, name, picture=_file_of(item), annotation=item.annotation))
            for item, name in zip(made.items, made.names, strict=True)
        )
    except KittisegError as error:
        return _Row(error=str(error))
    tags = Counter(name for item in made.items for name in item.annotation.tag_names)
    return _Row(made.counts, outputs, tags, made.warnings)


def _file_of(item: Item) -> bytes:
    """The source's file as it is where no pixel changed, else the pixels in a file of the same kind."""
    if item.image.source is not None:
        return item.image.source()
    return pixels.encode(item.image.pixels(), item.key.suffix)


def _summarize(program: Program, rows: Sequence[_Row]) -> Transformed:
    outputs = sorted(output for row in rows for output in row.outputs)
    totals = [0] * len(program.ports)
    tags: Counter[str] = Counter()
    for row in rows:
        totals = [total + count for total, count in zip(totals, row.counts, strict=True)]
        tags.update(row.tags or {})
    by_layer = Counter[int]()
    for (layer, _), total in zip(program.ports, totals, strict=True):
        by_layer[layer] += total
    return Transformed(
        project=program.output,
        images=len(outputs),
        datasets=dict(sorted(Counter(dataset for dataset, _, _ in outputs).items())),
        tags=dict(sorted(tags.items())),
        counts=tuple(by_layer[node.index] for node in program.nodes),
        digest=digest_of(outputs),
        warnings=(*warn_of_empty(program, totals), *(warning for row in rows for warning in row.warnings)),
    )
