"""TRANSFORM: a query makes a project of one or more others."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from kittiseg.dtl import Plan, Program, compile_graph, explain, read_query, source_projects, warn_of_empty
from kittiseg.errors import DataError, KittisegError
from kittiseg.pipeline.run import Run, provenance, versions
from kittiseg.pipeline.tally import Tally
from kittiseg.progress import track
from kittiseg.project import pixels
from kittiseg.project.item import Item, ItemKey
from kittiseg.project.journal import Output, Row
from kittiseg.project.store import Draft, Project

BLOCKS = 64
"""Into about so many blocks the pictures are parted, for the journal; but no block has more than LARGEST_BLOCK."""

LARGEST_BLOCK = 32


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


@dataclass(frozen=True)
class Prepared:
    """A query that was checked against the workspace: its program, and all that it will read."""

    document: list[Any]
    program: Program
    projects: Mapping[str, Project]
    keys: tuple[ItemKey, ...]

    def item(self, key: ItemKey) -> Item:
        return self.projects[key.project].item(key)


def prepare_query(run: Run, query: Path) -> Prepared:
    """Reads and compiles a query; where layers must survey all pictures first, that is done here."""
    document = read_query(query)
    catalog = {name: run.workspace.project(name).datasets for name in run.workspace.projects()}
    wanted = source_projects(document)
    projects = {name: run.workspace.project(name) for name in wanted if name in catalog}
    metas = {name: project.meta for name, project in projects.items()}
    place = "" if len(projects) == len(wanted) else f" in the workspace {run.workspace.files.root}"
    program = compile_graph(document, metas, seed=run.seed, source=f"{query}{place}", catalog=catalog)
    keys = tuple(key for name, chosen in program.sources.items() for key in projects[name].keys(chosen))
    prepared = Prepared(document, program.with_sources(keys), projects, keys)
    while prepared.program.undecided:
        prepared = _survey(run, prepared)
    return prepared


def plan_transform(run: Run, query: Path) -> Plan:
    """What the query would make, without reading a pixel."""
    prepared = prepare_query(run, query)
    projects = prepared.projects
    return explain(
        prepared.program,
        prepared.keys,
        load=prepared.item,
        size_of=lambda key: projects[key.project].picture_size(key),
    )


def transform(run: Run, query: Path, *, overwrite: bool = False) -> Transformed:
    """Runs a query. The project appears whole; pictures that cannot be done are named in one DataError.

    Where the same query was stopped before, it goes on with the pictures that are not done yet.
    """
    prepared = prepare_query(run, query)
    program = prepared.program
    with run.drafts([program.output], overwrite=overwrite, key=_resume_key(run, prepared)) as (draft,):
        total = Tally()
        try:
            for tally in _tallies(run, prepared, draft):
                total.add(tally)
            _refuse_failed(total, query)
        except BaseException:
            if draft.journal.begun:
                run.progress.notice("what is done is kept: the same command goes on from there")
            raise
        made = _summary(program, total)
        for warning in made.warnings:
            run.progress.warn(warning)
        facts = {
            "query": prepared.document,
            "sources": {name: project.digest for name, project in prepared.projects.items()},
            "counts": made.counts,
            "digest": made.digest,
        }
        draft.commit(program.meta, provenance(run, "transform", **facts))
    return made


def _survey(run: Run, prepared: Prepared) -> Prepared:
    """One pass over all annotations for the layers that ask for it."""
    ask = partial(_survey_picture, prepared)
    notes: dict[int, dict[ItemKey, Any]] = {}
    for key, found in run.map_light(ask, prepared.keys, title="survey", unit="pictures"):
        for layer, note in found.items():
            notes.setdefault(layer, {})[key] = note
    program = prepared.program.decide(notes)
    return Prepared(prepared.document, program, prepared.projects, prepared.keys)


def _survey_picture(prepared: Prepared, key: ItemKey) -> tuple[ItemKey, dict[int, Any]]:
    return key, prepared.program.survey(prepared.item(key))


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
    before = Tally()
    for row in draft.journal.rows():
        if row.stamp != prepared.projects[row.source.project].stamp(row.source):
            run.progress.notice(f"{row.source} has changed since the transform was stopped: beginning anew")
            draft.restart()
            done, before = set(), Tally()
            break
        done.add(row.source)
        before.add_row(row)
    if done:
        run.progress.notice(f"going on: {len(done)} of {len(prepared.keys)} pictures are done")
        yield before
    keys = [key for key in prepared.keys if key not in done]
    size = max(min(-(-len(prepared.keys) // BLOCKS), LARGEST_BLOCK), 1)
    blocks = [keys[start : start + size] for start in range(0, len(keys), size)]
    title = f"transform {draft.name}"
    tallies = run.engine.map(partial(_transform_block, prepared.program, prepared.projects, draft), blocks, name=title)
    yield from track(
        tallies, run.progress, title=title, total=len(keys), unit="pictures", size=lambda tally: tally.sources
    )


def _transform_block(program: Program, projects: Mapping[str, Project], draft: Draft, keys: Sequence[ItemKey]) -> Tally:
    """All that is made of a block of pictures, written; runs in a worker, and may run again after one died."""
    rows = [_transform_picture(program, projects[key.project], draft, key) for key in keys]
    draft.journal.write(rows)
    return Tally.of(rows)


def _transform_picture(program: Program, project: Project, draft: Draft, key: ItemKey) -> Row:
    """Makes and writes one output after another; where one fails, those before it are taken back."""
    outputs: list[Output] = []
    tags: Counter[str] = Counter()
    datasets: set[str] = set()
    stamp = project.stamp(key)
    try:
        walk = program.walk(project.item(key))
        for item, name in walk:
            if item.dataset not in datasets:
                draft.add_dataset(item.dataset)
                datasets.add(item.dataset)
            digest = draft.write(item.dataset, name, picture=_file_of(item), annotation=item.annotation)
            outputs.append(Output(item.dataset, name, digest, item.lineage))
            tags.update(item.annotation.tag_names)
    except KittisegError as error:
        for output in outputs:
            draft.remove(output.dataset, output.name)
        return Row(key, error=str(error))
    return Row(key, stamp, walk.counts, tuple(outputs), tags, walk.warnings)


def _file_of(item: Item) -> bytes:
    """The source's file as it is where no pixel changed, else the pixels in a file of the same kind."""
    if item.image.source is not None:
        return item.image.source()
    return pixels.encode(item.image.pixels(), item.key.suffix)


def _refuse_failed(total: Tally, query: Path) -> None:
    if total.failed:
        more = [f"... and {total.failed - len(total.errors)} more"] if total.failed > len(total.errors) else []
        listed = "\n  ".join([*total.errors, *more])
        raise DataError(
            f"{query}: {total.failed} of {total.sources} pictures cannot be transformed; mend them and run it again\n"
            f"  {listed}"
        )


def _summary(program: Program, total: Tally) -> Transformed:
    counts = total.counts or [0] * len(program.ports)
    by_layer = Counter[int]()
    for (layer, _), count in zip(program.ports, counts, strict=True):
        by_layer[layer] += count
    untold = total.warned - len(total.warnings)
    more = [f"... and {untold} more warnings; the project's lineage has them all"] if untold else []
    return Transformed(
        project=program.output,
        images=total.images,
        datasets=dict(sorted(total.datasets.items())),
        tags=dict(sorted(total.tags.items())),
        counts=tuple(by_layer[node.index] for node in program.nodes),
        digest=total.digest,
        warnings=(*warn_of_empty(program, counts), *total.warnings, *more),
    )
