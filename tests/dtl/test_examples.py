import pytest

from kittiseg.dtl import compile_graph
from kittiseg.dtl.examples import EXAMPLES, example_layer, example_query
from kittiseg.dtl.layers import LAYERS
from kittiseg.report.toy_street import PROJECT, street_meta


def test_every_action_has_an_example():
    """A new layer joins the reference by its line in EXAMPLES."""
    assert set(EXAMPLES) == set(LAYERS)


@pytest.mark.parametrize("action", LAYERS)
def test_every_example_compiles(action: str):
    """As it stands in the reference, in a query around it."""
    query = example_query(action)

    program = compile_graph(query, {PROJECT: street_meta()}, seed=0, source="example")

    assert action in [node.action for node in program.nodes]
    assert example_layer(action)["settings"] == EXAMPLES[action].settings
