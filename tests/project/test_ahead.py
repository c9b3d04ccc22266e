"""Work that mostly waits, many calls at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Thread, current_thread

import pytest

from kittiseg.project.ahead import Behind, map_ahead, map_in_threads


def test_map_ahead_keeps_order_and_distance():
    """Results come in order, and no more than ``ahead`` values are taken before the first is fetched."""
    taken: list[int] = []

    def source():
        for value in range(9):
            taken.append(value)
            yield value

    with ThreadPoolExecutor(1) as pool:
        results = map_ahead(lambda value: value * value, source(), pool, ahead=2)
        first = next(results)
        assert taken == [0, 1, 2]
        assert [first, *results] == [value * value for value in range(9)]


def test_many_calls_run_at_once_and_their_results_keep_their_order():
    """Each waits until four have begun: one after another none would end."""
    together = Barrier(4, timeout=60)

    def wait(value: int) -> int:
        together.wait()
        return value

    assert list(map_in_threads(wait, range(8), 4)) == list(range(8))


def test_one_thread_is_this_one_when_the_result_is_asked_for():
    """As ``map``: nothing is read that nobody wants yet."""
    called: list[Thread] = []
    results = map_in_threads(lambda value: called.append(current_thread()), range(3), 1)

    next(results)

    assert called == [current_thread()]


@pytest.mark.parametrize("threads", [1, 3])
def test_what_is_written_behind_is_there_when_it_was_waited_for(threads: int):
    """Whatever the number of calls."""
    written: list[int] = []
    behind = Behind(threads)

    for value in range(30):
        behind.call(written.append, value)
    behind.wait()
    behind.close()

    assert sorted(written) == list(range(30))


def test_an_error_behind_is_raised_when_it_is_waited_for():
    """By then the caller has gone on."""
    behind = Behind(2)
    behind.call(int, "no number")

    with pytest.raises(ValueError, match="no number"):
        behind.wait()

    behind.close()
