import threading
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from kittiseg.training.feed import Feed, where_samples_fit
from kittiseg.training.samples import Samples
from tests.data.training import pixels_of, samples_of

CPU = torch.device("cpu")
WANTED = [np.array([3, 1]), np.array([], np.int64), np.array([0, 0, 2])]


def samples() -> Samples:
    return samples_of(np.random.default_rng(0).integers(0, 256, (4, 8, 8, 4), np.uint8))


@pytest.mark.parametrize("where", ["device", "memory", "stream"])
def test_batches_are_the_same_wherever_samples_lie(where: str) -> None:
    """In the order asked for, an empty one too."""
    found = list(Feed(samples(), where, CPU).batches(WANTED))  # type: ignore[arg-type]

    for batch_nhw4, indices in zip(found, WANTED, strict=True):
        assert np.array_equal(batch_nhw4.numpy(), pixels_of(samples())[indices])


def test_the_next_batches_are_made_while_one_is_used() -> None:
    """Two ahead and not more, by a thread of its own, which ends with the batches."""
    asked: list[int] = []

    def wanted() -> Iterator[np.ndarray]:
        for number in range(9):
            asked.append(number)
            yield np.array([number % 4])

    batches = Feed(samples(), "stream", CPU).batches(wanted())
    next(batches)

    assert asked == [0, 1, 2]
    batches.close()  # type: ignore[attr-defined]
    assert not any(thread.name.startswith("feed") for thread in threading.enumerate())


def test_waiting_is_counted() -> None:
    """Where a batch was not there when it was wanted, as the first never is."""
    feed = Feed(samples(), "stream", CPU)

    list(feed.batches(WANTED))

    assert feed.waited > 0


def test_what_cannot_be_read_is_told_to_whoever_asks() -> None:
    """An index beyond the samples."""
    with pytest.raises(IndexError):
        list(Feed(samples(), "memory", CPU).batches([np.array([9])]))


def test_samples_lie_where_they_fit() -> None:
    """A megabyte fits into memory, a petabyte is streamed."""
    assert where_samples_fit(10**6, CPU) == "memory"
    assert where_samples_fit(10**15, CPU) == "stream"
