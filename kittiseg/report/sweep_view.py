"""How a sweep is shown: its best configuration, what its parameters did to the metric, and every trial."""

from collections import Counter
from dataclasses import replace

from kittiseg.report.blocks import Block, Cell, Chart, Commands, Fact, Table, View, settings_table
from kittiseg.report.sections import SweepSection, TrialFacts
from kittiseg.report.sweep_charts import curves_chart, parameter_charts
from kittiseg.report.sweep_labels import cut, short_labels, value_words
from kittiseg.report.sweep_parallel import parallel_chart
from kittiseg.report.wording import decimal, duration, measure, plural

_LONGEST_VALUE = 18  # letters, in the table of trials
_LONGEST_ERROR = 600


def sweep_view(section: SweepSection) -> View:
    """The best configuration and how to go on with it, three charts, the trials, the errors and the settings."""
    blocks: list[Block] = [_best_table(section)]
    if section.commands:
        caption = "Make the best trial's project, train on it anew, predict by the best trial's model."
        blocks.append(Commands("Go on with the best", section.commands, caption))
    blocks += _charts(section)
    if section.trials:
        blocks.append(_trial_table(section))
    blocks += _error_table(section)
    settings = [replace(table, wide=True, numeric=frozenset()) for table in settings_table("Sweep", section.settings)]
    return View("sweep", section.name, _facts(section), [*blocks, *settings])


def _facts(section: SweepSection) -> list[Fact]:
    """How good, how many, how long."""
    best = _best(section)
    facts = [Fact(decimal(best.metric), f"{measure(section.metric)} of the best trial")] if best else []
    facts += [Fact(best.id, "best trial")] if best else []
    facts.append(Fact(str(len(section.trials)), "trial" if len(section.trials) == 1 else "trials"))
    words = {"stopped": "stopped early", "failed": "failed", "running": "running", "waiting": "waiting"}
    often = Counter(trial.status for trial in section.trials)
    facts += [Fact(str(often[status]), word) for status, word in words.items() if often[status]]
    seconds = sum(trial.seconds or 0.0 for trial in section.trials)
    return [*facts, Fact(duration(seconds), "of training in all trials")]


def _best(section: SweepSection) -> TrialFacts | None:
    return next((trial for trial in section.trials if trial.id == section.best), None)


def _best_table(section: SweepSection) -> Table:
    """What was searched over, and what the best trial took."""
    best = _best(section)
    labels = short_labels([each.pointer for each in section.parameters])
    rows = [
        (
            Cell(labels[each.pointer]),
            *([Cell(value_words(best.parameters.get(each.pointer)))] if best else []),
            Cell(each.words),
            Cell(each.pointer),
        )
        for each in section.parameters
    ]
    title, ends = ("Best configuration", ("best",)) if best else ("Search space", ())
    note = f"Trial {best.id}, checkpoint {best.checkpoint}." if best and best.checkpoint is not None else ""
    columns = ("parameter", *ends, "searched", "place")
    return Table(title=title, columns=columns, rows=rows, note=note, wide=True)


def _charts(section: SweepSection) -> list[Block]:
    """None before the first metric."""
    if not section.parameters or all(trial.metric is None for trial in section.trials):
        return []
    wide = len(section.parameters) > 2
    better = "lower" if section.lowest else "higher"
    crosses = " Dashed lines have no metric." if any(trial.metric is None for trial in section.trials) else ""
    words = f"A line is a trial; orange is better ({better}), blue worse, green the best trial.{crosses}"
    apart = (
        " Points of one choice lie a little apart." if any(each.kind == "choice" for each in section.parameters) else ""
    )
    points = (
        "A point is a trial, hollow where it was stopped early; the green diamond is the best, a cross has no metric."
        + apart
    )
    ends = "Each trial's validations. Orange is better, blue worse, green the best trial."
    return [
        Chart("Parallel coordinates", parallel_chart(section), words, wide=wide),
        Chart(f"{_capital(measure(section.metric))} by parameter", parameter_charts(section), points, wide=wide),
        Chart("Learning curves", curves_chart(section), ends, wide=True),
    ]


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _trial_table(section: SweepSection) -> Table:
    """Every trial, the best first; the parameters stand last, for there may be more than the page is wide."""
    labels = short_labels([each.pointer for each in section.parameters])
    trials = section.ranked
    rows = [
        (
            Cell(trial.id, marks=("best",) if trial.id == section.best else ()),
            Cell(decimal(trial.metric)),
            Cell(trial.status, marks=_marks(trial)),
            Cell(_or_dash(trial.checkpoint)),
            Cell(_or_dash(trial.epoch)),
            Cell("–" if trial.seconds is None else duration(trial.seconds)),  # noqa: RUF001
            *(Cell(cut(value_words(trial.parameters.get(pointer)), _LONGEST_VALUE)) for pointer in labels),
        )
        for trial in trials
    ]
    columns = ("trial", measure(section.metric), "status", "checkpoint", "epochs", "time", *labels.values())
    return Table(
        title="Trials",
        columns=columns,
        rows=rows,
        numeric=frozenset(range(1, len(columns))) - {2},
        highlighted=frozenset(at for at, trial in enumerate(trials) if trial.id == section.best),
        faint=frozenset(at for at, trial in enumerate(trials) if trial.status in ("failed", "waiting")),
        note=f"By {measure(section.metric)}, the best first.",
        wide=True,
    )


def _marks(trial: TrialFacts) -> tuple[str, ...]:
    """What else befell it."""
    retried = (plural(trial.retries, "retry", "retries"),) if trial.retries else ()
    return (*retried, *((f"from {trial.origin}",) if trial.origin else ()))


def _error_table(section: SweepSection) -> list[Block]:
    failed = sorted((trial for trial in section.trials if trial.error), key=lambda trial: trial.id)
    rows = [(Cell(trial.id), Cell(str(trial.retries)), Cell(_end(trial.error))) for trial in failed]
    return [Table(title="Errors", columns=("trial", "tried again", "error"), rows=rows, wide=True)] if rows else []


def _or_dash(value: float | None) -> str:
    return "–" if value is None else value_words(float(value))  # noqa: RUF001


def _end(error: str) -> str:
    """The last words of a long error: there a traceback says what was wrong."""
    return error if len(error) <= _LONGEST_ERROR else f"… {error[-_LONGEST_ERROR:]}"
