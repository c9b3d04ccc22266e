"""On a cluster that cannot grow."""

from collections.abc import Iterator

import pytest

from cluster.ask_for_nodes import ask
from kittiseg.engine import Engine


@pytest.fixture(autouse=True)
def nothing_asked_for(ray_engine: Engine) -> Iterator[None]:
    """Before and after."""
    yield
    ask(cpus=0, gpus=0, seconds=0)


def test_what_is_there_is_not_waited_for(capsys: pytest.CaptureFixture[str]):
    """Two CPUs are."""
    assert ask(cpus=2, gpus=0, seconds=60)

    assert capsys.readouterr().out == "there are 0 of 0 GPUs and 2 of 2 CPUs\n"


def test_what_does_not_come_is_waited_for_so_long(capsys: pytest.CaptureFixture[str]):
    """And it is said what there is meanwhile."""
    assert not ask(cpus=0, gpus=1, seconds=0.2, pause=0.1)

    assert set(capsys.readouterr().out.splitlines()) == {"there are 0 of 1 GPUs and 2 of 0 CPUs"}
