import re
from itertools import pairwise
from xml.etree import ElementTree

from kittiseg.report.graph import graph_file, query_graph
from kittiseg.report.graph_box import BOX, LayerFacts
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

    assert all(x1 - x0 >= BOX for (y0, x0), (y1, x1) in pairwise(places) if y0 == y1)
    assert len({y for y, _ in places}) == 6


VEHICLE = {"vehicle": (0, 60, 100)}
FACTS = [LayerFacts(count, VEHICLE) for count in ((200,), (190, 10), (190,), (10,), (200,), (1234,), (1234,))]


def test_counts_and_class_colours_are_shown():
    """How many pictures come in and leave, by each way; a chip for the class that the mapping makes."""
    svg = query_graph(diamond_query(), FACTS)
    found = words(svg)

    assert {"200", "200 → 190 | 10", "190 → 190", "400 → 1,234", "1,234 → 1,234"} <= set(found)
    assert {"$yes: 190", "$no: 10"} <= set(found)
    assert found.count("vehicle") == 7
    assert "#003c64" in svg


def test_pictures_that_nobody_reads_are_told():
    """What goes to null, and to a name that no layer reads."""
    query = diamond_query()
    query[1]["dst"] = ["$yes", "null"]
    query[3] |= {"src": ["$yes"], "dst": "$unread"}

    found = words(query_graph(query, FACTS))

    assert {"10 to null: nobody reads them", "10 to $unread: nobody reads them"} <= set(found)


def test_no_edge_passes_below_a_box():
    """The long edge from the tags to the crop goes round the flip."""
    root = ElementTree.fromstring(query_graph(diamond_query(), FACTS))
    paths = [path.attrib["d"] for path in root.iter("{http://www.w3.org/2000/svg}path")]
    bends = [float(x) for path in paths for x in re.findall(r"L(\S+) ", path)]
    flip = next(g for g in root.iter("{http://www.w3.org/2000/svg}g") if (g.findtext("{*}title") or "")[:4] == "flip")
    left = int(flip.attrib["transform"][10:].split(",")[0])

    assert bends
    assert all(x <= left or x >= left + BOX for x in bends)


def test_a_file_stands_alone():
    """It is XML with a background, and its box has room around the drawing."""
    svg = graph_file(diamond_query(), FACTS)

    assert ElementTree.fromstring(svg.encode()).attrib["viewBox"].startswith("-16 -16 ")
    assert "fill:#fff" in svg


def test_what_a_query_says_cannot_break_the_page():
    """Settings are escaped."""
    query = [{"action": "tag", "src": ["<b>/*"], "dst": "x", "settings": {"tag": "</svg><script>"}}]

    assert "<script>" not in query_graph(query)
