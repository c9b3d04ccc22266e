import pytest

from kittiseg.report.sweep_labels import cut, key_of, short_labels, value_words, wrapped

CROP = "transform:/8/settings/random_part"


@pytest.mark.parametrize(
    ("pointers", "labels"),
    [
        (["train:/lr"], ["lr"]),
        (["train:/batch_size/train", "train:/lr"], ["batch size / train", "lr"]),
        ([f"{CROP}/width/min_percent", f"{CROP}/height/min_percent"], ["width / min percent", "height / min percent"]),
        (
            ["transform:/8/settings/probability", "transform:/12/settings/probability"],
            ["8 / … / probability", "12 / … / probability"],
        ),
        (
            [f"{CROP}/width/max", f"{CROP}/height/max", "transform:/9/settings/random_part/width/max"],
            ["8 / … / width / max", "height / max", "9 / … / max"],
        ),
        (["train:/loss_weights/a~1b", "train:/loss_weights/0"], ["loss weights / a/b", "loss weights / 0"]),
    ],
)
def test_labels_are_as_short_as_they_can_tell_pointers_apart(pointers: list[str], labels: list[str]):
    """The last two parts; the layer where two have the same."""
    assert list(short_labels(pointers).values()) == labels


def test_no_two_labels_are_the_same():
    """Also where one pointer is the end of another."""
    pointers = ["train:/lr", "transform:/train/lr", "transform:/0/train/lr", "train:/0/train/lr", "transform:/lr"]

    assert len(set(short_labels(pointers).values())) == 5


def test_a_label_is_broken_at_its_parts_first():
    """And inside of them where a part is longer than a line."""
    assert wrapped("width / min percent", 12) == "width /\nmin percent"
    assert wrapped("width / min percent", 40) == "width / min percent"
    assert wrapped("weight decay", 6) == "weight\ndecay"


def test_a_label_has_no_more_lines_than_there_is_room_for():
    """The last line tells that something is missing, and ends as the label does."""
    lines = wrapped("one two three four five six", 5, most=3).split("\n")

    assert (len(lines), lines[-1]) == (3, "…six")
    assert all(len(line) <= 5 for line in lines)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.00012346, "0.0001235"),
        (1.5e-7, "1.5e-7"),
        (256, "256"),
        (True, "yes"),
        (None, "none"),
        ({"name": "dice", "smooth": 0.5}, "dice smooth 0.5"),
        ({"width": 256, "height": 128}, "width 256 height 128"),
        ([0.5, 2], "0.5, 2"),
    ],
)
def test_a_value_is_told_in_few_words(value: object, words: str):
    """Any JSON value can be a choice."""
    assert value_words(value) == words


def test_a_long_text_loses_its_middle():
    """What differs often stands at an end."""
    assert cut("a rather long name", 11) == "a rat…name"
    assert cut("short", 5) == "short"


def test_values_are_equal_by_their_json():
    """Whatever the order of an object's keys; true is not 1."""
    assert key_of({"a": 1, "b": 2}) == key_of({"b": 2, "a": 1})
    assert key_of(True) != key_of(1)
