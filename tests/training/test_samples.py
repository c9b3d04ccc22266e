import numpy as np

from kittiseg.training.samples import SampleIndex, Samples
from tests.data.training import pixels_of, samples_of


def samples(count: int = 4) -> Samples:
    return samples_of(np.random.default_rng(0).integers(0, 2, (count, 2, 3, 4), np.uint8))


def test_samples_are_taken_from_whichever_shard_they_lie_in() -> None:
    """In the order asked for, again where asked for again, as an array of its own."""
    whole = samples()
    shards = {3: pixels_of(whole)[[1, 0]], 7: pixels_of(whole)[2:]}
    places_n2 = np.array([(3, 1), (3, 0), (7, 0), (7, 1)], np.int32)
    index = SampleIndex(whole.index.names, places_n2, whole.index.counts_nc, whole.index.sizes_n2)

    taken_nhw4 = Samples(index, shards).take(np.array([3, 0, 0]))

    assert np.array_equal(taken_nhw4, pixels_of(whole)[[3, 0, 0]])
    taken_nhw4[:] = 9
    assert not any((shard == 9).any() for shard in shards.values())


def test_an_index_comes_back_from_its_file() -> None:
    """Names in Unicode, and nothing that was left out or something."""
    whole = samples(2).index
    for left_out in ((), ("a.png: no picture",)):
        index = SampleIndex(("straße.png", "b"), whole.places_n2, whole.counts_nc, whole.sizes_n2, left_out)

        found = SampleIndex.from_bytes(index.to_bytes())

        assert (found.names, found.left_out) == (index.names, left_out)
        for name in ("places_n2", "counts_nc", "sizes_n2"):
            assert np.array_equal(getattr(found, name), getattr(index, name))


def test_the_digest_changes_with_the_names() -> None:
    """It tells whether a training can go on with these samples."""
    assert samples(3).index.digest == samples(3).index.digest
    assert samples(3).index.digest != samples(2).index.digest
