"""A sweep config with the files that it names, read and checked."""

from pathlib import Path

from kittiseg.config import parse, pointer, read_json
from kittiseg.dtl.query import read_query
from kittiseg.errors import ConfigError, Problem
from kittiseg.tuning.checks import wrong_config, wrong_space
from kittiseg.tuning.config import SweepConfig, check_searcher
from kittiseg.tuning.documents import Documents
from kittiseg.tuning.space import Space


def read_space(path: Path) -> Space:
    """The space of the sweep config at ``path``. ConfigError with every problem of it, or of a file that it names."""
    config = parse(SweepConfig, read_json(path), source=str(path))
    _refuse(str(path), wrong_config(config))
    check_searcher(config, source=str(path))
    train, transform = config.files(path)
    files = Documents(read_json(train), None if transform is None else read_query(transform))
    if not isinstance(files.train, dict):
        raise ConfigError(f"{train}: a training config is a JSON object, not {type(files.train).__name__}")
    base = with_fixed(files, config, source=str(path))
    named = [str(file) for file in (train, transform) if file is not None]
    _refuse(f"{' or '.join(named)}, as {path} has it", base.problems())
    space = Space(config, base, str(path))
    _refuse(str(path), wrong_space(space))
    return space


def with_fixed(files: Documents, config: SweepConfig, *, source: str) -> Documents:
    """What all trials have in common: the files with ``fixed``, the best checkpoint being the best by the metric."""
    problems: list[Problem] = []
    for name, value in config.fixed.items():
        try:
            files.put({name: value})
        except ValueError as error:
            problems.append(Problem(pointer("fixed", name), str(error)))
    _refuse(source, problems)
    return files.put(config.same_for_all)


def _refuse(source: str, problems: list[Problem]) -> None:
    if problems:
        raise ConfigError(source, problems)
