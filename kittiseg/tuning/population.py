"""Population based training, the decision: which trials go on from which others, and with what parameters. Pure.

Jaderberg et al., "Population Based Training of Neural Networks", 2017; here all wait for one another.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from kittiseg.dtl.layer import rng_for
from kittiseg.tuning.config import Pbt
from kittiseg.tuning.space import Parameters, Space


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a trial stands at the end of a generation: its newest checkpoint that it can be gone on from.

    ``score``: the higher the better; None where there is none, which is worse than any.
    """

    trial: str
    parameters: Parameters
    checkpoint: int
    score: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOver:
    """A trial goes on from a checkpoint of another in place of its own, with these parameters."""

    trial: str
    other: str
    checkpoint: int
    parameters: Parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What follows on the generation of this number (from 1; 0: none is over yet)."""

    generation: int = 0
    taken: tuple[TakeOver, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Exchange":
        """KeyError or TypeError where it is not what :meth:`to_json` gives."""
        taken = tuple(TakeOver(**each) for each in document["taken"])
        return cls(generation=document["generation"], taken=taken)


def exchange_after(generation: int, standings: Sequence[Standing], space: Space) -> Exchange:
    """Each of the worst ``quantile`` takes over one of the best, which is drawn, as its new parameters are.

    Of equal trials the first is the better one. The draws follow from the sweep's seed, the generation and the trial.
    """
    rule = space.config.scheduler
    assert isinstance(rule, Pbt), "the sweep is a population"
    ranked = sorted(standings, key=lambda each: (each.score is None, -(each.score or 0.0), each.trial))
    count = min(math.ceil(len(ranked) * rule.quantile), len(ranked) // 2)
    best = [each for each in ranked[:count] if each.score is not None]
    worst = ranked[len(ranked) - count :] if best else []
    return Exchange(generation=generation, taken=tuple(_take_over(each, best, generation, space) for each in worst))


def _take_over(bad: Standing, best: Sequence[Standing], generation: int, space: Space) -> TakeOver:
    rule = space.config.scheduler
    assert isinstance(rule, Pbt), "the sweep is a population"
    rng = rng_for(space.config.seed, "population", str(generation), bad.trial)
    good = best[int(rng.integers(len(best)))]
    parameters = space.perturbed(good.parameters, space.changing, rng, resample=rule.resample)
    return TakeOver(trial=bad.trial, other=good.trial, checkpoint=good.checkpoint, parameters=parameters)
