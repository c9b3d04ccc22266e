import pytest

from kittiseg.tuning.documents import Documents, query_digest, saved_as, trial_project
from tests.data.programs import DATA, query
from tests.data.spaces import CROPS, LR, WIDTH

FILES = Documents({"lr": 0.1}, CROPS)


def test_values_go_where_they_are_named_and_nowhere_else():
    """Both documents at once; the first ones are as they were."""
    made = FILES.put({LR: 0.5, f"{WIDTH}/min_percent": 30})

    assert made.train == {"lr": 0.5}
    assert made.transform is not None
    assert made.transform[1]["settings"]["random_part"]["width"] == {"min_percent": 30, "max_percent": 90}
    assert made.put({LR: 0.1, f"{WIDTH}/min_percent": 20}) == FILES


def test_a_value_that_goes_nowhere_is_an_error_with_its_name():
    """A query of three layers has no fourth."""
    with pytest.raises(ValueError, match=r"transform:/3/settings: .* its 3 entries are 0 to 2"):
        FILES.put({"transform:/3/settings": {}})


def test_a_field_that_was_left_out_is_found_by_its_default():
    """Of a training config alone."""
    assert FILES.find("train:/batch_size/train") == 1
    assert FILES.find(LR) == 0.1
    for name in ("train:/lrr", "transform:/1/settings/around"):
        with pytest.raises(LookupError, match=f"there is nothing at {name}"):
            FILES.find(name)


def test_problems_of_both_documents_are_told_with_their_places():
    """As the stages would tell them."""
    made = FILES.put({LR: -1, f"{WIDTH}/min_percent": 95})

    assert [problem.pointer for problem in made.problems()] == [LR, WIDTH]
    assert FILES.problems() == Documents({}, None).problems() == []


def test_equal_queries_share_a_project():
    """The order of keys does not matter, that of layers does."""
    turned = [dict(reversed(layer.items())) for layer in CROPS]

    assert trial_project("s", turned) == trial_project("s", CROPS) == f"s--{query_digest(CROPS)}"
    assert query_digest(CROPS[::-1]) != query_digest(CROPS)


def test_a_query_is_saved_under_another_name_and_in_another_layout():
    """By its one save layer."""
    document = query(DATA, save="$in")

    assert saved_as(document, "new") == [document[0], document[1] | {"dst": "new"}]
    assert saved_as(document, "new", action="recipe")[1]["action"] == "recipe"
    assert document[1]["dst"] == "out"
