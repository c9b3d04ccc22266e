"""Classes go."""

import pytest

from kittiseg.dtl.layers.drop_obj_by_class import DropObjByClass
from kittiseg.errors import ConfigError
from tests.data.programs import no_draw, only
from tests.data.projects import annotation_of, item_of, meta_of, square

META = meta_of({"car": "bitmap", "bus": "bitmap", "sky": "bitmap"})


def test_objects_and_classes_go_together() -> None:
    layer = DropObjByClass(classes=("car", "sky"))
    here = square(top=0, left=0, side=1)
    item = item_of(annotation_of([("car", here), ("bus", here), ("car", here)]))

    assert [figure.class_name for figure in only(layer.apply(item, no_draw)).annotation.figures] == ["bus"]
    assert list(layer.declare(META).shapes) == ["bus"]


def test_a_picture_without_objects_stays() -> None:
    item = item_of(annotation_of({"car": square(top=0, left=0, side=1)}))

    assert only(DropObjByClass(classes=("car",)).apply(item, no_draw)).annotation.figures == ()


def test_every_class_that_does_not_come_is_told() -> None:
    with pytest.raises(ConfigError) as caught:
        DropObjByClass(classes=("bus", "cat", "skyy")).declare(META)

    assert [str(problem) for problem in caught.value.problems] == [
        "/classes/1: no class 'cat' comes to this layer; did you mean 'car'?",
        "/classes/2: no class 'skyy' comes to this layer; did you mean 'sky'?",
    ]
