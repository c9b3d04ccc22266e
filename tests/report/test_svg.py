import re
from xml.etree import ElementTree

from kittiseg.report.svg import new_figure, to_svg


def drawing() -> str:
    with new_figure(width=3, height=2) as figure:
        figure.add_subplot().plot([1, 2], [3, 4], marker="o")
        return to_svg(figure, label='a "line" & more')


def test_one_figure_gives_the_same_bytes_every_time():
    """No date, no random id."""
    assert drawing() == drawing()


def test_the_element_is_well_formed_and_says_what_it_shows():
    """It stands in a page as it is, and its label is escaped."""
    root = ElementTree.fromstring(drawing())

    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.attrib["aria-label"] == 'a "line" & more'
    assert "width" not in root.attrib


def test_text_stays_text():
    """It can be searched, and is drawn in the reader's font."""
    assert re.search(r"<text[^>]*>1\.0</text>", drawing())


def test_every_id_is_used_and_every_use_has_its_id():
    """Several drawings in one page do not share ids by chance."""
    text = drawing()
    ids = set(re.findall(r' id="([^"]+)"', text))

    assert ids
    assert ids == set(re.findall(r'(?:href="|url\()#([^")]+)', text))
