import numpy as np

from kittiseg.report.lettering import Text, lettered


def test_words_stand_where_they_should():
    """Ink above the baseline and right of x, nowhere else; the picture itself is not written to."""
    image_hwc = np.full((40, 200, 3), 200, np.uint8)
    image_hwc.flags.writeable = False

    drawn_hwc = lettered(image_hwc, [Text(50, 30, "WORDS", bold=True)])

    rows, columns = np.nonzero((drawn_hwc != 200).any(axis=2))
    assert rows.min() >= 15
    assert rows.max() <= 31
    assert columns.min() >= 49
    assert columns.max() < 130


def test_a_dollar_is_no_formula():
    """Names of queries begin with one."""
    blank_hwc = np.full((30, 200, 3), 255, np.uint8)

    one, two = (lettered(blank_hwc, [Text(2, 20, words)]) for words in ("$100-train $", "$100-train"))

    assert (one != two).any()
