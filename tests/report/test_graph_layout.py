from itertools import pairwise

from kittiseg.report.graph_layout import place_layers
from tests.data.queries import diamond_query


def test_every_layer_stands_below_all_that_feed_it():
    """Data on top, the saving layer at the bottom."""
    layout = place_layers(diamond_query())
    rows = {node: row for row, nodes in enumerate(layout.rows) for node in nodes}

    assert rows[0] == 0
    assert rows[6] == len(layout.rows) - 1
    assert all(rows[a] + 1 == rows[b] for edge in layout.edges for a, b in pairwise(edge.via))


def test_an_edge_is_a_name_that_one_layer_writes_and_another_reads():
    """``$tagged`` has two writers and two readers, which makes four edges."""
    edges = place_layers(diamond_query()).edges
    tagged = {(edge.via[0], edge.via[-1]) for edge in edges if edge.name == "$tagged"}

    assert tagged == {(2, 4), (3, 4), (2, 5), (3, 5)}


def test_a_long_edge_passes_beside_the_boxes_of_the_rows_between():
    """Nodes of one row are apart, those that an edge passes by included."""
    layout = place_layers(diamond_query())

    assert any(len(edge.via) > 2 for edge in layout.edges)
    for row in layout.rows:
        for left, right in pairwise(row):
            assert layout.columns[right] - layout.columns[left] >= 0.3 - 1e-9


def test_a_name_that_nobody_reads_makes_no_edge():
    """What is written to ``null`` goes nowhere."""
    query = [
        {"action": "data", "src": ["a/*"], "dst": "$all", "settings": {}},
        {"action": "if", "src": ["$all"], "dst": ["$yes", "null"], "settings": {}},
        {"action": "supervisely", "src": ["$yes"], "dst": "b", "settings": {}},
    ]

    assert [edge.name for edge in place_layers(query).edges] == ["$all", "$yes"]
