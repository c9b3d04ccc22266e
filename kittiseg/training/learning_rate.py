"""The schedules of the learning rate that a config can name, each a settings class.

To add one: a class, a line in SCHEDULES, a name in AnySchedule. Those with a ``factor`` depend on nothing but how many
epochs are done, in fractions: so epochs may differ in length, and a training that goes on has the rates it would have.
"""

import math
from abc import ABC, abstractmethod
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Gt, Le

from kittiseg.config import Doc, settings

WARMUP_FROM = 1e-3
"""The factor of the first step of a warm-up."""


@settings
class LrDecreasing:
    patience: Annotated[int, Ge(1), Doc("validations without a better loss before the rate falls")] = 1000
    lr_divisor: Annotated[float, Gt(0), Doc("what the rate is divided by then")] = 5.0


@settings
class Falling(LrDecreasing):
    """The rate falls after validations without a better loss; unlike in 2018 the optimizer keeps what it remembers."""

    name: Literal["lr_decreasing"] = "lr_decreasing"
    needs_end: ClassVar[bool] = False


@settings
class Warmed(ABC):
    """The rate rises linearly from a thousandth for ``warmup_epochs``, and then follows :meth:`shape`.

    Goyal et al., "Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour", 2017.
    """

    name: str
    warmup_epochs: Annotated[float, Ge(0), Doc("epochs in which the rate rises to lr; 0.5 is half of one")] = 0.0
    needs_end: ClassVar[bool] = True
    """Whether the rate depends on how many epochs the training will have."""

    def factor(self, epoch: float, epochs: float) -> float:
        """What ``lr`` is multiplied by in a step that begins when ``epoch`` of so many epochs are done."""
        if epoch < self.warmup_epochs:
            return WARMUP_FROM + (1 - WARMUP_FROM) * epoch / self.warmup_epochs
        return self.shape(min((epoch - self.warmup_epochs) / (epochs - self.warmup_epochs), 1.0))

    @abstractmethod
    def shape(self, done: float) -> float:
        """From 1 at 0, right after the warm-up, to what it has fallen to at 1, the end of the training."""


@settings
class Constant(Warmed):
    name: Literal["constant"] = "constant"
    needs_end: ClassVar[bool] = False

    def shape(self, done: float) -> float:
        return 1.0


@settings
class Cosine(Warmed):
    """Half a wave of a cosine. Loshchilov & Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017."""

    name: Literal["cosine"] = "cosine"
    end: Annotated[float, Ge(0), Le(1), Doc("times lr: the rate at the end")] = 0.0

    def shape(self, done: float) -> float:
        return self.end + (1 - self.end) * (1 + math.cos(math.pi * done)) / 2


@settings
class Poly(Warmed):
    """``(1 - done) ^ power``. Chen et al., "DeepLab", 2017."""

    name: Literal["poly"] = "poly"
    power: Annotated[float, Gt(0), Doc("1 falls along a line, less stays high for longer")] = 0.9
    end: Annotated[float, Ge(0), Le(1), Doc("times lr: the rate at the end")] = 0.0

    def shape(self, done: float) -> float:
        return self.end + (1 - self.end) * (1 - done) ** self.power


AnySchedule = Constant | Cosine | Falling | Poly

SCHEDULES: dict[str, type[AnySchedule]] = {
    "constant": Constant,
    "cosine": Cosine,
    "lr_decreasing": Falling,
    "poly": Poly,
}
