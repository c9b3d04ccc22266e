"""The exceptions that a user can mend."""

import pickle

import pytest

from kittiseg import errors
from kittiseg.errors import ConfigError, KittisegError, Problem

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]


def test_every_exception_is_a_kittiseg_error():
    """One ``except KittisegError`` catches all that a user can mend."""
    assert KittisegError in KINDS
    assert all(issubclass(kind, KittisegError) for kind in KINDS)


def test_the_docstring_draws_every_exception():
    """The tree in the module's docstring and the classes agree."""
    assert errors.__doc__ is not None
    assert all(kind.__name__ in errors.__doc__ for kind in KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_errors_survive_pickling(kind: type[KittisegError]):
    """A worker's error arrives as it was raised: same class, same text."""
    error = kind("a picture is damaged")

    again = pickle.loads(pickle.dumps(error))

    assert type(again) is kind
    assert str(again) == str(error) == "a picture is damaged"


def test_a_config_error_lists_every_problem():
    """The source and the count first, then one line per problem with its JSON pointer."""
    error = ConfigError("train.json", [Problem("/lr", "is required and missing"), Problem("", "input is empty")])

    assert str(error) == "train.json: 2 problems\n  /lr: is required and missing\n  /: input is empty"


def test_a_config_error_keeps_its_problems_when_pickled():
    """The problems are data, not only text, on the other side too."""
    error = ConfigError("train.json", [Problem("/lr", "is required and missing")])

    again = pickle.loads(pickle.dumps(error))

    assert again.problems == error.problems
    assert str(again) == "train.json: 1 problem\n  /lr: is required and missing"


def test_a_key_with_a_slash_stands_as_it_is_written():
    """In quotes; ``pointer`` itself stays one."""
    problem = Problem("/space/train:~1loss~01/choice", "is empty")

    assert str(problem) == '/space/"train:/loss~1"/choice: is empty'
