"""One picture or a whole project, written to any storage without a query."""

from dataclasses import replace

from kittiseg.project.geometry import Window
from kittiseg.project.item import Item, ItemKey
from kittiseg.project.journal import Output, Row
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.storage import Layout, Origin
from kittiseg.project.store import Draft, Project, Workspace


def origin_of(project: Project, key: ItemKey) -> Origin:
    return Origin(project.item(key), project.stamp(key))


def cut(item: Item, window: Window, *, axis: str | None = None) -> Item:
    """A window of picture and figures, then its mirror image."""
    image, annotation = item.image.crop(window), item.annotation.crop(window)
    if axis is not None:
        image, annotation = image.mirror(axis), annotation.mirror(axis)  # type: ignore[arg-type]
    return replace(item, image=image, annotation=annotation)


def write_block(draft: Draft, block: str, meta: ProjectMeta, made: dict[str, tuple[Item, Origin]]) -> list[str]:
    """``{name: (item, its source)}``, with the journal's lines; gives the digests."""
    with draft.writer(block, meta) as writer:
        digests = [writer.add(item, name, origin=origin) for name, (item, origin) in made.items()]
    rows = [
        Row(item.key, origin.stamp, outputs=(Output(item.dataset, name, digest),))
        for (name, (item, origin)), digest in zip(made.items(), digests, strict=True)
    ]
    draft.journal.write(block, rows)
    return digests


def write_kept(
    workspace: Workspace, name: str, layout: Layout, meta: ProjectMeta, made: dict[str, tuple[Item, Origin]]
) -> Project:
    """A project of one block."""
    draft = workspace.draft(name, key="test", layout=layout)
    write_block(draft, "block", meta, made)
    return draft.commit(meta, {})
