from itertools import pairwise
from xml.etree import ElementTree

from kittiseg.report.graph import brief, query_graph
from tests.data.queries import diamond_query


def words(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_graph_shows_every_action_and_every_name():
    """A box for each layer, a word for each edge."""
    found = words(query_graph(diamond_query()))

    assert [word for word in found if word in ("data", "if", "tag", "flip", "crop", "supervisely")] == [
        layer["action"] for layer in diamond_query()
    ]
    assert {word for word in found if word.startswith("$")} == {
        "$sample", "$yes", "$no", "$tagged", "$flipped", "$parts",
    }  # fmt: skip


def test_boxes_of_a_row_do_not_overlap():
    """The two tag layers stand side by side."""
    root = ElementTree.fromstring(query_graph(diamond_query()))
    groups = [g for g in root.iter("{http://www.w3.org/2000/svg}g") if "transform" in g.attrib]
    places = sorted(tuple(map(int, g.attrib["transform"][10:-1].split(",")))[::-1] for g in groups)

    assert all(x1 - x0 >= 232 for (y0, x0), (y1, x1) in pairwise(places) if y0 == y1)
    assert len({y for y, _ in places}) == 6


def test_counts_and_class_colours_are_shown():
    """How many pictures leave a layer; a chip for the class that the mapping makes."""
    svg = query_graph(diamond_query(), {"vehicle": (0, 60, 100)}, [200, 200, 190, 10, 200, 1234, 1234])

    assert "1,234" in words(svg)
    assert "#003c64" in svg


def test_a_mapping_is_told_by_its_results():
    """Merged classes stand in one line, as do those that go."""
    assert brief(diamond_query()[0]) == ["from kitti/*", "bus, car → vehicle", "others → dropped"]


def test_a_range_of_percents_is_told_as_one():
    """``min_percent`` and ``max_percent`` make one line; what is switched off is not told."""
    assert brief(diamond_query()[5]) == ["width 27–30 %"]  # noqa: RUF001


def test_what_a_query_says_cannot_break_the_page():
    """Settings are escaped."""
    query = [{"action": "tag", "src": ["<b>/*"], "dst": "x", "settings": {"tag": "</svg><script>"}}]

    assert "<script>" not in query_graph(query)
