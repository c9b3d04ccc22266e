"""Where a training's pictures come from: a project that is there, or a query that draws anew for each epoch."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from kittiseg.dtl import Program
from kittiseg.project.item import Item, ItemKey
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.store import Project
from kittiseg.training.config import DatasetTags

Pictures = list[tuple[ItemKey, Item]]
"""Pictures with the places that they have in their project, or would have in the query's."""


class Source(Protocol):
    """Pictures to train on, by epoch. Picklable: every worker has one."""

    @property
    def label(self) -> str:
        """What messages call it."""

    @property
    def meta(self) -> ProjectMeta: ...

    @property
    def keys(self) -> Sequence[ItemKey]:
        """The pictures that are read, each once an epoch."""

    @property
    def at_once(self) -> int:
        """How many pictures to read at once, at least."""

    @property
    def redraws(self) -> bool:
        """Whether another epoch has other pictures."""

    @property
    def record(self) -> dict[str, Any]:
        """What the model's run.json says of it."""

    @property
    def query(self) -> list[Any] | None: ...

    @property
    def digest(self) -> str:
        """Changes with what goes in; empty where the names of the training pictures tell enough."""

    def at(self, epoch: int) -> Callable[[ItemKey], Pictures]:
        """Gives what a picture that is read makes in an epoch (from 0). KittisegError where it cannot be done."""


@dataclass(frozen=True)
class ProjectSource:
    """The pictures of a project, the same in every epoch."""

    project: Project

    redraws = False
    query = None
    digest = ""

    @property
    def label(self) -> str:
        return f"project '{self.project.name}'"

    @property
    def meta(self) -> ProjectMeta:
        return self.project.meta

    @property
    def keys(self) -> Sequence[ItemKey]:
        return self.project.keys()

    @property
    def at_once(self) -> int:
        return self.project.files.threads

    @property
    def record(self) -> dict[str, Any]:
        return {"project": self.project.name}

    def at(self, epoch: int) -> Callable[[ItemKey], Pictures]:
        return self._pictures

    def _pictures(self, key: ItemKey) -> Pictures:
        return [(key, self.project.item(key))]


@dataclass(frozen=True, kw_only=True)
class JoinedSource:
    """Training pictures of one project, validation pictures of another, as their tags say; others are left out."""

    train: Project
    val: Project
    tags: DatasetTags

    redraws = False
    query = None
    digest = ""

    @property
    def label(self) -> str:
        return f"projects '{self.train.name}' (to train on) and '{self.val.name}' (to validate on)"

    @property
    def meta(self) -> ProjectMeta:
        return self.train.meta

    @property
    def keys(self) -> Sequence[ItemKey]:
        return [*self.train.keys(), *self.val.keys()]

    @property
    def at_once(self) -> int:
        return max(self.train.files.threads, self.val.files.threads)

    @property
    def record(self) -> dict[str, Any]:
        return {"project": self.train.name, "validated_on": self.val.name}

    def at(self, epoch: int) -> Callable[[ItemKey], Pictures]:
        return self._pictures

    def _pictures(self, key: ItemKey) -> Pictures:
        """With the one tag that counts alone: the other project's validation pictures are not these."""
        project, wanted = (self.train, self.tags.train) if key.project == self.train.name else (self.val, self.tags.val)
        item = project.item(key)
        tags = tuple(tag for tag in item.annotation.tags if tag.name == wanted)
        return [(key, replace(item, annotation=replace(item.annotation, tags=tags)))] if tags else []


@dataclass(frozen=True, kw_only=True)
class QuerySource:
    """What a query makes of the pictures that it reads, without writing; epoch 0 is the project that it would write."""

    file: str
    query: list[Any]
    program: Program
    projects: Mapping[str, Project]
    keys: Sequence[ItemKey]

    redraws = True

    @property
    def label(self) -> str:
        return f"query '{self.file}'"

    @property
    def meta(self) -> ProjectMeta:
        return self.program.meta

    @property
    def at_once(self) -> int:
        return max((project.files.threads for project in self.projects.values()), default=1)

    @property
    def record(self) -> dict[str, Any]:
        return {"project": self.program.output, "query": self.file, "query_seed": self.program.seed}

    @property
    def digest(self) -> str:
        """Of the pictures' names, and of what surveys of them decided."""
        facts = [*map(str, self.keys), *(repr(node.layer) for node in self.program.nodes)]
        return hashlib.blake2b("\n".join(facts).encode(), digest_size=8).hexdigest()

    def at(self, epoch: int) -> Callable[[ItemKey], Pictures]:
        return partial(self._pictures, replace(self.program, epoch=epoch))

    def _pictures(self, program: Program, key: ItemKey) -> Pictures:
        outputs = program.walk(self.projects[key.project].item(key))
        return [(ItemKey(program.output, item.dataset, name), item) for item, name in outputs]
