"""TRANSFORM: a query makes a project of one or more others."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from kittiseg.dtl import (
    Plan,
    Program,
    bare_item,
    compile_graph,
    describe_layers,
    explain,
    read_query,
    source_projects,
    warn_of_empty,
)
from kittiseg.errors import DataError, KittisegError, StorageError
from kittiseg.pipeline.run import Run, provenance, versions
from kittiseg.pipeline.tally import KEPT, Tally, and_more
from kittiseg.pipeline.transform_block import naming, transform_block
from kittiseg.progress import track
from kittiseg.project.item import Item, ItemKey
from kittiseg.project.store import Draft, Project

BLOCKS = 64
"""Into about so many blocks the pictures are parted, for the journal; but no block has more than LARGEST_BLOCK."""

LARGEST_BLOCK = 32


@dataclass(frozen=True, kw_only=True)
class Transformed:
    """The project that a query made. ``digest`` is of every picture and annotation in it.

    ``counts``: how many pictures left each layer. ``skipped``: pictures that could not be done, and why.
    """

    project: str
    images: int
    datasets: Mapping[str, int]
    tags: Mapping[str, int]
    counts: tuple[int, ...]
    digest: str
    skipped: tuple[str, ...]
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Prepared:
    """A query that was checked against the workspace: its program, and all that it will read."""

    document: list[Any]
    program: Program
    projects: Mapping[str, Project]
    keys: tuple[ItemKey, ...]

    def item(self, key: ItemKey) -> Item:
        return self.projects[key.project].item(key)


def prepare_query(run: Run, query: Path, *, skip_bad: bool = False) -> Prepared:
    """Reads and compiles a query; where layers must survey all pictures first, that is done here.

    With ``skip_bad`` pictures that cannot be surveyed are passed over.
    """
    return prepare_document(run, read_query(query), source=str(query), skip_bad=skip_bad)


def prepare_document(run: Run, document: list[Any], *, source: str, skip_bad: bool = False) -> Prepared:
    """As :func:`prepare_query`, of a query that was read from ``source``."""
    prepared = compile_document(run, document, source=source)
    while prepared.program.undecided:
        prepared = _survey(run, prepared, source, skip_bad=skip_bad)
    return prepared


def compile_document(run: Run, document: list[Any], *, source: str) -> Prepared:
    """As :func:`prepare_document`, but for what layers must survey: enough to know the classes of what it makes."""
    catalog = {name: run.workspace.project(name).datasets for name in run.workspace.projects()}
    wanted = source_projects(document)
    projects = {name: run.workspace.project(name) for name in wanted if name in catalog}
    metas = {name: project.meta for name, project in projects.items()}
    place = "" if len(projects) == len(wanted) else f" in the workspace {run.workspace.files.root}"
    program = compile_graph(document, metas, seed=run.seed, source=f"{source}{place}", catalog=catalog)
    keys = tuple(key for name, chosen in program.sources.items() for key in projects[name].keys(chosen))
    return Prepared(document, program.with_sources(keys), projects, keys)


def plan_transform(run: Run, query: Path) -> Plan:
    """What the query would make, without reading a pixel."""
    return plan_prepared(prepare_query(run, query))


def plan_prepared(prepared: Prepared) -> Plan:
    """As :func:`plan_transform`, of a query that was read."""
    projects = prepared.projects
    return explain(
        prepared.program,
        prepared.keys,
        load=prepared.item,
        size_of=lambda key: projects[key.project].picture_size(key),
    )


def transform(run: Run, query: Path, *, overwrite: bool = False, skip_bad: bool = False) -> Transformed:
    """Runs a query. The project appears whole; pictures that cannot be done are named in one DataError.

    With ``skip_bad`` they are left out with a warning, as the original of 2018 did, unless not one is left.

    Where the same query was stopped before, it goes on with the pictures that are not done yet.
    """
    prepared = prepare_query(run, query, skip_bad=skip_bad)
    return transform_prepared(run, prepared, source=str(query), overwrite=overwrite, skip_bad=skip_bad)


def transform_prepared(
    run: Run, prepared: Prepared, *, source: str, overwrite: bool = False, skip_bad: bool = False
) -> Transformed:
    """As :func:`transform`, of a query that was read from ``source``."""
    program = prepared.program
    key = _resume_key(run, prepared)
    with run.drafts([program.output], overwrite=overwrite, key=key, layout=program.layout) as (draft,):
        total = Tally()
        try:
            for tally in _tallies(run, prepared, draft):
                total.add(tally)
            if not skip_bad or total.failed == total.sources:
                _refuse_failed(total, source)
        except BaseException:
            if draft.journal.begun:
                run.progress.notice("what is done is kept: the same command goes on from there")
            raise
        made = _summary(program, total)
        for warning in (*made.warnings, *(f"left out: {text}" for text in made.skipped)):
            run.progress.warn(warning)
        facts = {
            "query": prepared.document,
            "sources": {name: project.digest for name, project in prepared.projects.items()},
            "counts": made.counts,
            "layers": describe_layers(program, total.counts or [0] * len(program.ports)),
            "digest": made.digest,
            "skipped": made.skipped,
        }
        draft.commit(program.meta, provenance(run, "transform", **facts))
    return made


def _survey(run: Run, prepared: Prepared, source: str, *, skip_bad: bool) -> Prepared:
    """One pass over all names, or over all annotations, for the layers that ask for it."""
    program, keys = prepared.program, prepared.keys
    found: Iterator[tuple[ItemKey, dict[int, Any] | str]] = ((key, program.survey(bare_item(key))) for key in keys)
    if program.survey_needs_annotation:
        ask = partial(_survey_picture, program, prepared.projects)
        found = run.map_light(ask, keys, stage="survey", project=program.output, unit="pictures")
    notes: dict[int, dict[ItemKey, Any]] = {}
    errors: list[str] = []
    for key, known in found:
        if isinstance(known, str):
            errors.append(known)
        for layer, note in {} if isinstance(known, str) else known.items():
            notes.setdefault(layer, {})[key] = note
    if not skip_bad:
        _refuse_failed(Tally(sources=len(keys), failed=len(errors), errors=errors[:KEPT]), source)
    return replace(prepared, program=program.decide(notes))


def _survey_picture(
    program: Program, projects: Mapping[str, Project], key: ItemKey
) -> tuple[ItemKey, dict[int, Any] | str]:
    """What the layers must know of a picture, or what is wrong with it."""
    try:
        return key, program.survey(projects[key.project].item(key))
    except StorageError:
        raise
    except KittisegError as error:
        return key, naming(key, error)


def _resume_key(run: Run, prepared: Prepared) -> str:
    """Equal where a stopped transform would have made the same pictures of the same sources."""
    program = prepared.program
    metas = {name: project.meta.to_json() for name, project in prepared.projects.items()}
    stems = sorted((str(key), stem) for key, stem in program.stems.items())
    layers = [repr(node.layer) for node in program.nodes]  # with what a survey decided
    facts = [prepared.document, run.seed, versions(), metas, stems, layers]
    return hashlib.blake2b(json.dumps(facts, sort_keys=True).encode(), digest_size=8).hexdigest()


def _tallies(run: Run, prepared: Prepared, draft: Draft) -> Iterator[Tally]:
    """What was done before, then block by block what is done now."""
    done: set[ItemKey] = set()
    made: set[tuple[str, str]] = set()
    before = Tally()
    for row in draft.journal.rows():
        if row.stamp != prepared.projects[row.source.project].stamp(row.source):
            run.progress.notice(f"{row.source} has changed since the transform was stopped: beginning anew")
            draft.restart()
            done, before = set(), Tally()
            break
        done.add(row.source)
        made.update((output.dataset, output.name) for output in row.outputs)
        before.add_row(row)
    if done:
        draft.keep_only(made)
        run.progress.notice(f"going on: {len(done)} of {len(prepared.keys)} pictures are done")
        yield before
    keys = [key for key in prepared.keys if key not in done]
    size = max(min(-(-len(prepared.keys) // BLOCKS), LARGEST_BLOCK), 1)
    blocks = [keys[start : start + size] for start in range(0, len(keys), size)]
    title = f"transform {draft.name}"
    tallies = run.engine.map(partial(transform_block, prepared.program, prepared.projects, draft), blocks, name=title)
    progress = run.metered("transform", project=draft.name)
    yield from track(tallies, progress, title=title, total=len(keys), unit="pictures", size=lambda tally: tally.sources)


def _refuse_failed(total: Tally, query: str) -> None:
    if total.failed:
        listed = "\n  ".join(and_more(total.errors, total.failed))
        raise DataError(
            f"{query}: {total.failed} of {total.sources} pictures cannot be transformed; mend them and run it again, "
            f"or leave them out by --skip-bad\n  {listed}"
        )


def _summary(program: Program, total: Tally) -> Transformed:
    counts = total.counts or [0] * len(program.ports)
    by_layer = Counter[int]()
    for (layer, _), count in zip(program.ports, counts, strict=True):
        by_layer[layer] += count
    return Transformed(
        project=program.output,
        images=total.images,
        datasets=dict(sorted(total.datasets.items())),
        tags=dict(sorted(total.tags.items())),
        counts=tuple(by_layer[node.index] for node in program.nodes),
        digest=total.digest,
        skipped=tuple(and_more(total.errors, total.failed)),
        warnings=(*warn_of_empty(program, counts), *and_more(total.warnings, total.warned)),
    )
