"""What a layer is: one action of a query, a settings class whose fields are its JSON settings, name for name.

Its kind says what it may do. A source lets pictures in, a transform makes zero or more of one, a router sends one this
way or that, a sink ends the way. A layer knows neither its neighbours nor where pictures are stored, keeps no state,
and never writes to what it was given.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

from kittiseg.project.item import Item, ItemKey
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.storage import FILES, Extra, Layout

Rng = Callable[[], np.random.Generator]
"""Makes the generator of one layer's draws on one picture. Made when called: most layers draw nothing."""


def rng_for(seed: int, *key: str) -> np.random.Generator:
    """The generator that belongs to a seed and a name: the same whatever was drawn before, and wherever."""
    digest = hashlib.blake2b(digest_size=16)
    for part in (str(seed), *key):
        data = part.encode()
        digest.update(len(data).to_bytes(8, "big") + data)  # the length, lest ("ab", "c") equal ("a", "bc")
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest.digest(), "big")))


class Layer:
    """What all kinds have in common."""

    free_settings: ClassVar[bool] = False
    """Whether ``settings`` may hold anything: nobody reads them."""

    @property
    def needs_annotation(self) -> bool:
        """Whether sizes, figures or tags decide how many pictures come out and which way, or what a survey notes."""
        return False

    @property
    def decided(self) -> str:
        """What a survey decided, in a few words for people; nothing where there was none."""
        return ""

    def declare(self, meta: ProjectMeta) -> ProjectMeta:
        """The classes and tags that leave it, from those that enter, before any picture is read.

        ConfigError where they do not fit; its pointers are relative to the layer's settings.
        """
        return meta


class Source(Layer, ABC):
    """Lets pictures of a project in. ``src`` says which."""

    @abstractmethod
    def take(self, item: Item) -> Item:
        """The picture as it enters the query."""


class Transform(Layer, ABC):
    """Makes zero or more pictures of one."""

    mark: ClassVar[str] = ""
    """A regular expression of what it adds to ``Item.marks``; nothing where it adds none."""

    repaints: ClassVar[bool] = False
    """Whether it changes pixels otherwise than by windows and mirrors."""

    nothing_made: ClassVar[str] = ""
    """The warning when a picture gives none; nothing where that is the layer's purpose."""

    @abstractmethod
    def apply(self, item: Item, rng: Rng) -> Iterator[Item]:
        """What it makes of a picture, in a fixed order. DataError names a picture that it cannot be applied to."""

    def target(self, key: ItemKey, dataset: str) -> str:
        """The data set that a picture leaves for which came in for ``dataset``; only ``key``'s folders count."""
        return dataset


class Surveyor(Layer, ABC):
    """A layer that must know of every picture that comes to it before it can say what becomes of one.

    A run passes over all pictures first, asks :meth:`note` of each that gets here, and goes on with the layer that
    :meth:`decide` gives. ``decide`` gets the notes in no order that means anything.
    """

    @property
    def surveys(self) -> bool:
        """Whether its settings ask for it."""
        return True

    @abstractmethod
    def note(self, item: Item) -> Any:
        """What it must know of a picture: small, and picklable."""

    @abstractmethod
    def decide(self, notes: Mapping[ItemKey, Any], rng: Rng) -> Layer:
        """The layer that knows. ``notes``: one for each source picture that got here, by whichever way it came."""


class Router(Layer, ABC):
    """Sends each picture to one of its two ``dst``."""

    @property
    def chance(self) -> float | None:
        """The probability of the first ``dst`` where a draw decides, or None."""
        return None

    @abstractmethod
    def choose(self, item: Item, rng: Rng) -> int:
        """0 for the first ``dst``, 1 for the second."""


class Sink(Layer):
    """Where pictures leave the query: ``dst`` is the project that is written."""

    @property
    def layout(self) -> Layout:
        """What that project is written as."""
        return FILES

    @property
    def has_extras(self) -> bool:
        """Whether :meth:`extras` gives any."""
        return False

    def extras(self, item: Item, meta: ProjectMeta) -> Iterator[Extra]:
        """Pictures to be written beside each picture. ``meta``: of the project."""
        return iter(())
