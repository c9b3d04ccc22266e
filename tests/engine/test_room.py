import pytest

from kittiseg.engine.room import Asked, Node, told, told_nodes

SMALL: Node = {"CPU": 2.0, "memory": 1e9}
LARGE: Node = {"CPU": 8.0, "GPU": 1.0}


@pytest.mark.parametrize(
    ("asked", "places"),
    [
        (Asked(name="s", count=2, cpus=2), 2),
        (Asked(name="s", count=9, cpus=2), 6),
        (Asked(name="s", count=1, cpus=9), 0),
        (Asked(name="s", count=2, cpus=1, gpus=1), 1),
        (Asked(name="s", count=4, cpus=1, gpus=0.5), 2),
    ],
)
def test_a_worker_lies_on_one_node(asked: Asked, places: int):
    """So the sums over two small nodes and a large one do not matter, and no more places count than are asked for."""
    assert asked.places([SMALL, LARGE, SMALL]) == places


def test_what_is_asked_and_what_is_there_are_said():
    """In the words of the options that change it."""
    never = Asked(name="predict p", count=2, cpus=4, gpus=1).never([SMALL, LARGE, SMALL])
    taken = Asked(name="predict p", count=1, cpus=2).taken({"CPU": 12.0}, {"CPU": 1.5})

    assert never.startswith(
        "no room for 'predict p': it asks for 2 workers with 4 CPUs and 1 GPU each, and 2 nodes with 2 CPUs, "
        "1 node with 8 CPUs and 1 GPU can hold 1."
    )
    assert taken == "'predict p' asks for 1 worker with 2 CPUs; 10.5 of 12 CPUs are in use"


def test_a_node_and_a_cluster_may_have_nothing():
    """A head often has no CPUs for work."""
    assert told({"memory": 1e9}) == "0 CPUs"
    assert told_nodes([]) == "0 nodes"
