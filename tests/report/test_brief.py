from kittiseg.report.brief import brief
from tests.data.programs import layer
from tests.data.queries import diamond_query


def test_a_mapping_is_told_by_its_results():
    """Merged classes stand in one line, as do those that go."""
    assert brief(diamond_query()[0]) == ["from kitti/*", "bus, car → vehicle", "others → dropped"]


def test_a_range_of_percents_is_told_as_one():
    """``min_percent`` and ``max_percent`` make one line; what is switched off is not told."""
    assert brief(diamond_query()[5]) == ["width 27–30 %"]  # noqa: RUF001


def test_a_range_is_told_as_one_whatever_its_unit():
    """``min`` and ``max`` alone, ends that are equal, and ends below zero."""
    settings = {"sigma": {"min": 0.5, "max": 2}, "rotate_angles": {"min_degrees": -5, "max_degrees": 5}}

    assert brief(layer("blur", "$a", "$b", settings)) == [
        "sigma 0.5–2",  # noqa: RUF001
        "rotate angles -5 to 5 degrees",
    ]
    assert brief(layer("noise", "$a", "$b", {"std": {"min": 2, "max": 2}})) == ["std 2"]


def test_lists_are_words_with_commas():
    """And what is switched on is ``yes``."""
    settings = {"condition": {"tags": ["day", "dusk"]}, "keep_it": True}

    assert brief(layer("if", "$a", ["$b", "null"], settings)) == ["tags: day, dusk", "keep it: yes"]
