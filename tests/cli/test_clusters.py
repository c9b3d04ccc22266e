"""What needs no cluster; with one, ``test_jobs.py``."""

import re
import shlex

import pytest
from typer.main import get_command

from kittiseg.cli import run as command_line
from kittiseg.cli.commands import app
from tests.data.local_clusters import apart

GROUPS = {name: get_command(app).commands[name].commands for name in ("jobs", "cluster")}  # type: ignore[attr-defined]


@pytest.mark.parametrize(("group", "name"), [(group, name) for group, made in GROUPS.items() for name in made])
def test_every_command_of_a_group_has_help_and_an_example_that_parses(group: str, name: str):
    """An example with an option that is gone would mislead."""
    command = GROUPS[group][name]
    words = shlex.split(re.sub(r"\s+", " ", command.epilog).removeprefix("Example: kittiseg "))

    assert command.help
    assert words[:2] == [group, name]
    command.make_context(name, words[2:], resilient_parsing=False)


def test_where_a_cluster_is_to_be_has_to_be_said(capfd: pytest.CaptureFixture[str]):
    """Others cost money."""
    assert command_line(["cluster", "up"]) == 2
    assert "--local is this machine" in capfd.readouterr().err


def test_down_where_nothing_is_up_says_so(capfd: pytest.CaptureFixture[str]):
    """It is no error: nothing is what was wanted."""
    with apart():
        assert command_line(["cluster", "down"]) == 0
    assert capfd.readouterr().out == "no cluster of this machine was running\n"
