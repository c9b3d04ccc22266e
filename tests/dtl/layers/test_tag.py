"""Tags come and go."""

from kittiseg.dtl.layers.tag import TagLayer
from kittiseg.project.annotation import Tag
from kittiseg.project.meta import ProjectMeta
from tests.data.programs import no_draw, only
from tests.data.projects import annotation_of, item_of, meta_of


def test_add_appends_and_declares() -> None:
    item = item_of(annotation_of({}, tags=("day",)))
    layer = TagLayer(tag="train", action="add")

    assert only(layer.apply(item, no_draw)).annotation.tags == (Tag("day"), Tag("train"))
    assert [tag.name for tag in layer.declare(meta_of({}, tags=("day",))).tags] == ["day", "train"]


def test_add_does_not_add_twice() -> None:
    """The original did."""
    item = item_of(annotation_of({}, tags=("day",)))

    assert only(TagLayer(tag="day", action="add").apply(item, no_draw)).annotation.tags == (Tag("day"),)


def test_delete_takes_it_away_wherever_it_stands() -> None:
    """The original took the first only."""
    item = item_of(annotation_of({}, tags=("day", "rain", "day")))

    assert only(TagLayer(tag="day", action="delete").apply(item, no_draw)).annotation.tags == (Tag("rain"),)


def test_delete_takes_it_from_the_meta() -> None:
    """The original forgot to."""
    meta = TagLayer(tag="day", action="delete").declare(meta_of({"car": "bitmap"}, tags=("day", "rain")))

    assert [tag.name for tag in meta.tags] == ["rain"]
    assert list(meta.shapes) == ["car"]


def test_delete_leaves_the_tags_of_objects_declared() -> None:
    """They stay on the objects, and a project must declare what its objects bear."""
    old = ProjectMeta.from_json({"classes": [], "tags_images": ["day", "rain"], "tags_objects": ["day", "flat"]})

    for name in ("day", "flat"):
        assert TagLayer(tag=name, action="delete").declare(old) == old
    assert len(TagLayer(tag="rain", action="delete").declare(old).tags) == 2
