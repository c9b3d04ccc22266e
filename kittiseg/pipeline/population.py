"""Population based training in generations: all trials train on for a while, then the worst go on from the best.

Nobody trains while weights change hands: so a sweep follows from its seed and from the trials' scores, not from which
of them is ahead. What was decided is written before the first take-over, so that a sweep that was killed anywhere
goes on as it would have.
"""

from collections.abc import Callable, Iterator

from kittiseg.config import parse
from kittiseg.engine.search import TrialTask
from kittiseg.pipeline.following import last_checkpoint
from kittiseg.pipeline.sweep_watch import SweepWatch
from kittiseg.training.alone import LAST_WORDS_S, alone_at
from kittiseg.training.checkpoints import list_checkpoints
from kittiseg.training.config import TrainConfig
from kittiseg.training.run_record import is_paused
from kittiseg.training.taking_over import take_over
from kittiseg.tuning.config import Pbt
from kittiseg.tuning.population import Exchange, Standing, exchange_after
from kittiseg.tuning.trials import Sweep, Trial


def train_generations(sweep: Sweep, watch: SweepWatch, train: Callable[[Iterator[TrialTask], int], None]) -> None:
    """From where an earlier run was until no trial is left that can be gone on with.

    ``train(tasks, until)`` trains each of the tasks until it has ``until`` validations, or to its end.
    """
    rule = sweep.space.config.scheduler
    assert isinstance(rule, Pbt), "the sweep is a population"
    exchange = sweep.exchange()
    while True:
        _make(exchange, sweep, watch)
        until = (exchange.generation + 1) * rule.every
        tasks = [task for task in watch.tasks() if not _has_come_to(until, sweep, task.name)]
        if tasks:
            train(iter(tasks), until)
        standings = [_standing(sweep, trial) for trial in sweep.trials() if not trial.is_over]
        if not standings:
            return
        exchange = exchange_after(exchange.generation + 1, standings, sweep.space)
        sweep.write_exchange(exchange)


def _make(exchange: Exchange, sweep: Sweep, watch: SweepWatch) -> None:
    """What an earlier run has made of it stays."""
    for taken in exchange.taken:
        watch.take_over(taken, exchange.generation)
        made = sweep.space.put(taken.parameters).train
        config = parse(TrainConfig, made, source=f"trial {taken.trial}")
        with alone_at(sweep.models, taken.trial, resume=True, wait_s=LAST_WORDS_S):
            take_over(sweep.models, taken.trial, other=taken.other, checkpoint=taken.checkpoint, config=config)


def _has_come_to(until: int, sweep: Sweep, trial: str) -> bool:
    """Whether an earlier run of the sweep has trained it so far, and it waits for the others."""
    model = sweep.models.files.within(f"models/{trial}")
    return is_paused(model) and last_checkpoint(model) >= until


def _standing(sweep: Sweep, trial: Trial) -> Standing:
    """By its newest score: whole pictures are not validated on at every checkpoint."""
    able = [found for found in list_checkpoints(sweep.models.model_files(trial.id)).whole if found.can_go_on]
    scores = reversed(able[-1].state.scores) if able else ()
    return Standing(
        trial=trial.id,
        parameters=trial.parameters,
        checkpoint=able[-1].number if able else 0,
        score=next((score for score in scores if score is not None), None),
    )
