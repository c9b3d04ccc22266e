import pytest

from kittiseg.errors import DataError, ModelError
from kittiseg.training.classes import ClassIndex
from kittiseg.training.config import SpecialClasses
from tests.data.projects import meta_of

SPECIAL = SpecialClasses()


def test_background_is_made_first_and_the_others_are_numbered_by_title() -> None:
    """Two classes give three outputs, whatever their shapes; neutral is 255 even where the project has none."""
    classes = ClassIndex.of(meta_of({"van": "polygon", "car": "bitmap"}), SPECIAL)

    assert classes.index == {"bg": 0, "car": 1, "van": 2, "neutral": 255}
    assert [(c.name, c.shape) for c in classes.out_classes] == [("bg", "bitmap"), ("van", "bitmap"), ("car", "bitmap")]
    assert classes.out_classes[0].color == "#222222"
    assert classes.names == [entry.name for entry in classes.channels] == ["bg", "car", "van"]
    assert classes.objects == {"car", "van"}


def test_special_classes_of_the_project_are_used() -> None:
    """A background that the project has keeps its place and colour; neutral is no output."""
    meta = meta_of({"car": "bitmap", "neutral": "bitmap", "bg": "bitmap"})

    classes = ClassIndex.of(meta, SPECIAL)

    assert [c.name for c in classes.out_classes] == ["car", "bg"]
    assert classes.out_classes[1].color == meta.classes[2].color
    assert classes.index == {"bg": 0, "car": 1, "neutral": 255}


def test_the_json_is_that_of_2018_and_reads_back() -> None:
    """``out_classes`` and ``class_title_to_idx``, as the config.json of a model has them."""
    classes = ClassIndex.of(meta_of({"car": "bitmap"}), SPECIAL)

    document = classes.to_json()

    assert document["class_title_to_idx"] == {"bg": 0, "car": 1, "neutral": 255}
    assert document["out_classes"][0] == {"title": "bg", "shape": "bitmap", "color": "#222222"}
    assert ClassIndex.from_json(document) == classes


def test_a_label_map_has_room_for_254_classes_and_a_background() -> None:
    """254 are indexed 1..254, one more would fall on neutral."""
    assert (
        max(set(ClassIndex.of(meta_of({f"c{i}": "bitmap" for i in range(254)}), SPECIAL).index.values()) - {255}) == 254
    )
    with pytest.raises(DataError, match="255 classes besides the background"):
        ClassIndex.of(meta_of({f"c{i}": "bitmap" for i in range(255)}), SPECIAL)


def test_nothing_to_tell_apart_is_an_error() -> None:
    """A project of background and neutral alone teaches nothing."""
    with pytest.raises(DataError, match="nothing to learn"):
        ClassIndex.of(meta_of({"bg": "bitmap", "neutral": "bitmap"}), SPECIAL)


@pytest.mark.parametrize("index", [{"bg": 0}, {"bg": 0, "car": 2}, {"bg": 0, "car": "x"}])
def test_indices_that_contradict_the_classes_are_refused(index: dict[str, object]) -> None:
    """Every output class needs an index of its own, from 0 without a gap."""
    document = ClassIndex.of(meta_of({"car": "bitmap"}), SPECIAL).to_json() | {"class_title_to_idx": index}

    with pytest.raises(ModelError, match=r"config\.json"):
        ClassIndex.from_json(document)
