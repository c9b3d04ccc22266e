import numpy as np
import pytest

from kittiseg.evaluation.calibration import BINS, MOST, calibration, fit_temperature


def drawn(temperature: float, *, pixels: int = 20_000, classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and labels drawn by the softmax of these divided by a temperature, which is thus the right one."""
    rng = np.random.default_rng(0)
    logits_nc = rng.normal(0, 3, (pixels, classes)).astype(np.float32)
    gumbel_nc = rng.gumbel(size=logits_nc.shape)
    return logits_nc, (logits_nc / temperature + gumbel_nc).argmax(axis=1).astype(np.uint8)


def test_the_error_is_0_where_as_many_are_right_as_it_says():
    """Of ten pixels of probability 0.8, eight; of those of 0.6, six."""
    probs_n = np.repeat([0.8, 0.6], 10)
    logits_nc = np.log(np.stack([probs_n, 1 - probs_n], axis=1)).astype(np.float32)
    labels_n = np.array([0] * 8 + [1] * 2 + [0] * 6 + [1] * 4, np.uint8)

    found = calibration(logits_nc, labels_n)

    assert found.ece == pytest.approx(0, abs=1e-6)
    assert found.counts_b.sum() == 20
    assert found.nll == pytest.approx(-(8 * np.log(0.8) + 2 * np.log(0.2) + 6 * np.log(0.6) + 4 * np.log(0.4)) / 20)


def test_the_error_is_the_mean_gap_by_hand():
    """Sure of all, right of half; and a bin of one pixel weighs less than one of three."""
    sure_nc = np.array([[50.0, 0.0]] * 4, np.float32)
    assert calibration(sure_nc, np.array([0, 1, 0, 1])).ece == pytest.approx(0.5)

    probs_n = np.array([0.9, 0.9, 0.9, 0.6])
    logits_nc = np.log(np.stack([probs_n, 1 - probs_n], axis=1)).astype(np.float32)
    found = calibration(logits_nc, np.array([0, 0, 1, 0]))
    assert found.ece == pytest.approx(3 / 4 * (0.9 - 2 / 3) + 1 / 4 * 0.4, abs=1e-6)


def test_bins_without_a_pixel_say_so():
    """JSON has no NaN."""
    bins = calibration(np.array([[50.0, 0.0]], np.float32), np.array([0])).to_json()["bins"]

    assert len(bins) == BINS
    assert bins[0] == {"count": 0, "confidence": None, "accuracy": None}
    assert bins[-1] == {"count": 1, "confidence": 1.0, "accuracy": 1.0}


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_the_temperature_that_labels_were_drawn_with_is_found(temperature: float):
    """And the likelihood is no better on either side of what is found."""
    logits_nc, labels_n = drawn(temperature)

    found = fit_temperature(logits_nc, labels_n)

    assert found == pytest.approx(temperature, rel=0.05)
    best = calibration(logits_nc, labels_n, temperature=found).nll
    assert all(calibration(logits_nc, labels_n, temperature=found * each).nll >= best for each in (0.99, 1.01))


def test_logits_three_times_as_large_want_three_times_the_temperature():
    """And the calibration error falls to what it was before."""
    logits_nc, labels_n = drawn(1.0)
    before = calibration(3 * logits_nc, labels_n)

    found = fit_temperature(3 * logits_nc, labels_n)

    after = calibration(3 * logits_nc, labels_n, temperature=found)
    assert found == pytest.approx(3 * fit_temperature(logits_nc, labels_n), rel=1e-4)
    assert before.ece > 0.05
    assert after.ece < 0.01
    assert after.nll < before.nll


def test_what_has_no_best_temperature_ends_at_a_bound():
    """A network that is always right cannot be too sure, one that is always wrong not unsure enough."""
    logits_nc = np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)

    assert fit_temperature(logits_nc, np.array([0, 1])) == pytest.approx(1 / MOST, rel=1e-3)
    assert fit_temperature(logits_nc, np.array([1, 0])) == pytest.approx(MOST, rel=1e-3)
    assert np.isfinite(fit_temperature(np.zeros((2, 2), np.float32), np.array([0, 1])))
