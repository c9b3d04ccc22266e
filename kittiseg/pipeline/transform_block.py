"""What a worker makes of a block of pictures by a query, one output after another."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

from kittiseg.dtl import Program
from kittiseg.errors import KittisegError, StorageError
from kittiseg.pipeline.tally import Tally
from kittiseg.project.ahead import map_in_threads
from kittiseg.project.item import ItemKey
from kittiseg.project.journal import Output, Row
from kittiseg.project.storage import Origin, Writer, block_name
from kittiseg.project.store import Draft, Project


def transform_block(program: Program, projects: Mapping[str, Project], draft: Draft, keys: Sequence[ItemKey]) -> Tally:
    """All that is made of a block of pictures, written; runs in a worker, and may run again after one died."""
    block = block_name(keys)
    threads = max((project.files.threads for project in projects.values()), default=1)
    read = partial(_read, projects, needs_files=program.layout.kind != "recipe")
    with draft.writer(block, program.meta) as writer:
        origins = map_in_threads(read, keys, threads)
        rows = [_transform_picture(program, writer, key, origin) for key, origin in zip(keys, origins, strict=True)]
    draft.journal.write(block, rows)
    return Tally.of(rows)


def _read(projects: Mapping[str, Project], key: ItemKey, *, needs_files: bool) -> Origin | KittisegError:
    """A picture that was read, or why it cannot be."""
    project = projects[key.project]
    stamp = project.stamp(key)
    try:
        item = project.item(key)
        return Origin(project.fetched(item) if needs_files else item, stamp)
    except KittisegError as error:
        return error


def _transform_picture(program: Program, writer: Writer, key: ItemKey, origin: Origin | KittisegError) -> Row:
    """Makes and writes one output after another; where one fails, those before it are taken back."""
    outputs: list[Output] = []
    tags: Counter[str] = Counter()
    try:
        if isinstance(origin, KittisegError):
            raise origin
        walk = program.walk(origin.item)
        for item, name in walk:
            digest = writer.add(item, name, origin=origin, extras=program.extras(item))
            outputs.append(Output(item.dataset, name, digest, item.lineage, item.image.view))
            tags.update(item.annotation.tag_names)
    except StorageError:
        raise
    except KittisegError as error:
        for output in outputs:
            writer.remove(output.dataset, output.name)
        return Row(key, error=naming(key, error))
    return Row(key, origin.stamp, walk.counts, tuple(outputs), tags, walk.warnings)


def naming(key: ItemKey, error: KittisegError) -> str:
    """The error's text, with the picture before it where it does not name it: a layer knows its objects alone."""
    text = str(error)
    return text if key.name in text else f"{key}: {text}"
