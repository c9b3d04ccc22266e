"""Work that mostly waits, many calls at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

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
