from xml.etree import ElementTree

from kittiseg.report.graph_box import BOX, Box, LayerFacts
from tests.data.programs import layer

MANY = {f"class number {index}": (index, 2 * index, 255 - index) for index in range(34)}


def texts(box: Box) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(box.svg(0, 0)).iter("text"))


def box_with(classes: dict[str, tuple[int, int, int]], *, changed: bool = True) -> Box:
    return Box(layer("dummy", "$a", "$b"), LayerFacts((3,), classes), entering=2, changed=changed)


def test_facts_are_read_from_what_a_project_remembers():
    """Colours as in meta.json."""
    facts = LayerFacts.from_json({"pictures": [190, 10], "classes": {"car": "#00008e"}})

    assert facts == LayerFacts((190, 10), {"car": (0, 0, 142)})


def test_few_classes_are_all_named():
    """With a dot of their colour."""
    svg = box_with({"car": (0, 0, 142), "bus": (0, 60, 100)}).svg(0, 0)

    assert svg.count("<circle") == 2
    assert "car" in svg
    assert "bus" in svg


def test_of_many_classes_the_first_are_named_and_the_others_counted():
    """The numbers add up, and every colour that has room is shown."""
    found = [element.text or "" for element in texts(box_with(MANY))]
    named = [text for text in found if text.startswith("class number")]

    assert named == list(MANY)[: len(named)]
    assert f"and {34 - len(named)} more" in found
    assert len(named) >= 2
    assert box_with(MANY).svg(0, 0).count("<circle") > 20


def test_classes_that_only_pass_get_less_room():
    """The reader knows them from the layer before."""
    assert "34 classes" in [element.text for element in texts(box_with(MANY, changed=False))]
    assert box_with(MANY, changed=False).height < box_with(MANY).height


def test_nothing_is_wider_than_the_box():
    """A class with an endless name is cut."""
    box = box_with({"x" * 200: (1, 2, 3)})

    assert max(len(element.text or "") for element in texts(box)) * 6 < BOX


def test_its_height_follows_from_its_lines():
    """One without settings and classes is a bar with a name."""
    bare = Box(layer("dummy", "$a", "$b"))
    full = Box(layer("resize", "$a", "$b", {"width": 5, "height": 6}))

    assert bare.height < full.height
    assert texts(bare)[0].text == "dummy"
