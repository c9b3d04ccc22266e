"""``split``: parts the pictures into training and validation by exact shares."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le, MinLen

from kittiseg.config import Doc, did_you_mean, settings
from kittiseg.dtl.layer import Rng, Surveyor, Transform, rng_for
from kittiseg.dtl.sharing import Group, share_out
from kittiseg.errors import ConfigError, DataError, Problem
from kittiseg.project.annotation import Tag
from kittiseg.project.item import Item, ItemKey
from kittiseg.project.meta import ProjectMeta

_PLACES = ("dataset", "project")
_Text = Annotated[str, MinLen(1)]
_Note = tuple[str, tuple[str, ...]]


@settings
class Grouping:
    """What the pictures of a group have in common; one of these."""

    regex: Annotated[
        _Text | None, Doc("what it finds in the name, without suffix: its first group, or all of the match")
    ] = None
    field: Annotated[_Text | None, Doc('"dataset", "project", or a tag: the pictures with one value of it')] = None

    def __post_init__(self) -> None:
        if (self.regex is None) == (self.field is None):
            raise ValueError("give either 'regex' or 'field', and not both")
        try:
            re.compile(self.regex or "")
        except re.error as error:
            raise ValueError(f"{self.regex!r} is no regular expression: {error}") from None


@settings
class Split(Surveyor):
    """Tags pictures so that each tag gets its exact share: 38 and 2 of 40 for ``{"train": 0.95, "val": 0.05}``.

    A pass over all pictures comes first, over their names alone where neither this layer nor one before it asks for
    annotations. It is decided for each source picture: all that is made of one bears one tag, by whichever way it
    came. Seed and names decide, whatever the order and the number of workers. Other tags of ``shares`` that a picture
    had before go.

    Parts are rounded by the largest remainder. No share above 0 stays empty: it gets a picture at least, and fewer
    pictures (or groups) than such shares are an error. Groups stay whole, so their shares are as near as they can fit,
    the largest being placed first; a picture that the regex does not match, or without the tag, is its own group.
    With ``stratify``, each class is spread over the tags in the same shares, rare classes first.
    """

    shares: Annotated[
        Annotated[dict[_Text, Annotated[float, Ge(0), Le(1)]], MinLen(1)],
        Doc('tag -> its share of the pictures that get here: {"train": 0.95, "val": 0.05}; together 1'),
    ]
    group: Annotated[Grouping | None, Doc("pictures that stay together; without it, each goes alone")] = None
    stratify: Annotated[bool, Doc("whether each class shall be in the tags in the same shares")] = False

    def __post_init__(self) -> None:
        total = sum(self.shares.values())
        if abs(total - 1) > 1e-9:
            raise ValueError(f"the shares add up to {total:g}; make them 1")

    @property
    def needs_annotation(self) -> bool:
        """Of the pass before; afterwards, names and tags are enough."""
        return self.stratify or (self.group is not None and self.group.field not in (None, *_PLACES))

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        known = {tag.name: tag for tag in meta.tags}
        field = self.group.field if self.group else None
        problems = [
            Problem("/shares", f"tag '{tag}' is declared with values of type {known[tag].value_type}; choose another")
            for tag in self.shares
            if tag in known and known[tag].value_type != "none"
        ]
        if field is not None and field not in (*_PLACES, *known):
            message = f"'{field}' is no tag that comes to this layer{did_you_mean(field, (*_PLACES, *known))}"
            problems.append(Problem("/group/field", message))
        if problems:
            raise ConfigError("split", problems)
        for tag in self.shares:
            meta = meta.with_tag(tag)
        return meta

    def note(self, item: Item) -> _Note:
        """Its group, and its classes where they count."""
        classes = {figure.class_name for figure in item.annotation.figures} if self.stratify else ()
        return group_of(item, self.group), tuple(sorted(classes))

    def decide(self, notes: Mapping[ItemKey, _Note], rng: Rng) -> "Allotment":
        groups: dict[str, Group] = defaultdict(Group)
        for group, classes in notes.values():
            groups[group].size += 1
            groups[group].classes.update(classes)
        wanted = [f"{tag} {share:g}" for tag, share in self.shares.items() if share > 0]
        if groups and len(groups) < len(wanted):
            what = f"{len(notes)} picture(s)" + (f" in {len(groups)} group(s)" if self.group else "")
            raise DataError(
                f"{what} cannot fill {len(wanted)} shares ({', '.join(wanted)}): "
                f"import more pictures, {'group them otherwise, ' if self.group else ''}or ask for fewer shares"
            )
        draws = rng()
        salt = int(draws.integers(1 << 62))
        places = share_out(groups, tuple(self.shares.values()), draws) if groups else {}
        counts = [0] * len(self.shares)
        for group, place in places.items():
            counts[place] += groups[group].size
        return Allotment(self.group, self.shares, places, tuple(counts), salt)


@dataclass(frozen=True)
class Allotment(Transform):
    """A split that was decided: group -> place of its tag in ``shares``, and the number of pictures of each tag."""

    group: Grouping | None
    shares: Mapping[str, float]
    places: Mapping[str, int]
    counts: tuple[int, ...]
    salt: int

    @property
    def decided(self) -> str:
        parts = ", ".join(f"{tag} {count}" for tag, count in zip(self.shares, self.counts, strict=True))
        return f"{parts}, in {len(self.places)} groups" if self.group else parts

    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        group = group_of(item, self.group)
        place = self.places[group] if group in self.places else self._draw(group)
        tag = list(self.shares)[place]
        others = tuple(known for known in item.annotation.tags if known.name not in self.shares)
        annotation = replace(item.annotation, tags=(*others, Tag(tag)))
        yield replace(item, annotation=annotation, did={"tag": tag, **({"group": group} if self.group else {})})

    def _draw(self, group: str) -> int:
        """Of a group that the survey did not meet: with new draws of an epoch, pictures may get here that did not."""
        shares = np.array(list(self.shares.values()))
        return int(rng_for(self.salt, group).choice(len(shares), p=shares / shares.sum()))


def group_of(item: Item, grouping: Grouping | None) -> str:
    """The name of a picture's group; a picture that is in none is one by itself, named as its place."""
    found = None
    if grouping is not None and grouping.regex is not None:
        match = re.search(grouping.regex, item.key.stem)
        found = None if match is None else match[1] if match.re.groups else match[0]
    elif grouping is not None:
        values = {"dataset": f"{item.key.project}/{item.key.dataset}", "project": item.key.project}
        tags = {tag.name: tag.value for tag in reversed(item.annotation.tags)}
        found = values[grouping.field] if grouping.field in values else tags.get(str(grouping.field))
    return str(item.key) if found is None else f":{found}"  # no project's name has a colon
