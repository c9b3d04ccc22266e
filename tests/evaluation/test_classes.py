"""Which class of a prediction is held against which class of the truth."""

import pytest

from kittiseg.errors import ConfigError
from kittiseg.evaluation.classes import ComparedClasses, compare_classes
from tests.data.projects import meta_of

TRUTH = meta_of({"bus": "bitmap", "car": "bitmap", "road": "bitmap", "neutral": "bitmap"})
PREDICTED = meta_of({"vehicle_dl": "bitmap", "bg_dl": "bitmap"})
TO_VEHICLE = {"bus": "vehicle", "car": "vehicle", "__other__": "__ignore__"}


def test_truth_is_merged_as_a_transform_merges_it():
    """Buses and cars are vehicles, dropped classes are not drawn, what is not compared is background."""
    classes = compare_classes(PREDICTED, TRUTH, class_map={"vehicle_dl": "vehicle"}, merge=TO_VEHICLE)

    assert classes == ComparedClasses(
        names=("vehicle",), truth={"bus": 1, "car": 1}, predicted={"vehicle_dl": 1, "bg_dl": 0}
    )


def test_classes_that_are_not_compared_are_background():
    """Without a mapping, a road on top of a car hides the car."""
    classes = compare_classes(PREDICTED, TRUTH, class_map={"vehicle_dl": "car"})

    assert classes.truth == {"bus": 0, "car": 1, "road": 0, "neutral": 0}


def test_without_a_map_equal_names_are_compared():
    """In alphabetical order; a prediction's other classes are background."""
    classes = compare_classes(meta_of({"road": "bitmap", "car": "bitmap", "sky": "bitmap"}), TRUTH, class_map={})

    assert classes.names == ("car", "road")
    assert classes.predicted == {"road": 2, "car": 1, "sky": 0}


def test_several_predicted_classes_may_mean_one():
    """Both are held against the same class of the truth."""
    predicted = meta_of({"saloon": "bitmap", "coach": "bitmap"})

    classes = compare_classes(predicted, TRUTH, class_map={"saloon": "vehicle", "coach": "vehicle"}, merge=TO_VEHICLE)

    assert classes.predicted == {"saloon": 1, "coach": 1}


def test_other_classes_are_kept_by_default():
    """``__default__`` keeps a name, and so does a mapping that is silent on a class."""
    for merge in ({"bus": "car", "__other__": "__default__"}, {"bus": "car"}):
        classes = compare_classes(TRUTH, TRUTH, class_map={}, merge=merge)
        assert classes.names == ("car", "neutral", "road")


def test_ignored_classes_do_not_count():
    """Index 255 in the truth, and not among the compared ones."""
    classes = compare_classes(TRUTH, TRUTH, class_map={}, ignore=("neutral",))

    assert classes.names == ("bus", "car", "road")
    assert classes.truth["neutral"] == 255
    assert classes.predicted["neutral"] == 0


def test_everything_that_does_not_fit_is_named_at_once():
    """A misspelt class of the mapping, of the prediction and of the truth."""
    with pytest.raises(ConfigError) as caught:
        compare_classes(
            PREDICTED,
            TRUTH,
            class_map={"vehicle_d": "vehicel"},
            merge={**TO_VEHICLE, "buss": "vehicle"},
            ignore=("void",),
        )

    assert [str(problem) for problem in caught.value.problems] == [
        "--mapping buss: is no class of the truth; did you mean 'bus'?",
        "--map vehicle_d: is no class of the predictions; did you mean 'vehicle_dl'?",
        "--map vehicel: is no class of the truth; did you mean 'vehicle'?",
        "ignore void: is no class of the truth; known: vehicle",
    ]


def test_nothing_to_compare_says_what_there_is():
    """No common name: the error lists both sides and the way out."""
    with pytest.raises(ConfigError, match=r"name pairs PREDICTED=TRUE \(predicted: vehicle_dl, bg_dl; truth: bus, car"):
        compare_classes(PREDICTED, TRUTH, class_map={})
