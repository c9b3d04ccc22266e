import pytest

from kittiseg.engine import Resources, Workers
from kittiseg.engine.devices import groups_at_once, plan_workers, share_of_cpus
from kittiseg.errors import ConfigError, ResourceError


@pytest.mark.parametrize(
    ("devices", "gpus", "workers"),
    [
        ("exact", 2, "2 GPU workers"),
        ("auto", 8, "2 GPU workers"),
        ("auto", 1, "1 GPU worker"),
        ("auto", 0, "1 CPU worker"),
        ("cpu", 8, "1 CPU worker"),
        ("cpu:3", 0, "3 CPU workers"),
    ],
)
def test_one_worker_for_each_device_that_was_asked_for(devices: str, gpus: int, workers: str):
    """``gpu_devices`` are 0 and 1."""
    assert str(plan_workers([0, 1], devices, Resources(cpus=4, gpus=gpus))) == workers


def test_the_devices_are_counted_not_their_numbers():
    """A cluster numbers its GPUs itself, so [1] is one GPU, as long as there is a second one."""
    assert plan_workers([1], "exact", Resources(cpus=4, gpus=2)) == Workers(count=1, device="cuda")
    with pytest.raises(ResourceError, match=r"the GPUs \[1\]; there are 1 GPUs and 4 CPUs on 2 nodes\. --devices auto"):
        plan_workers([1], "exact", Resources(cpus=4, gpus=1, nodes=2))


def test_more_cpu_workers_than_cpus_are_refused():
    """Ray would wait for ever for the fifth."""
    with pytest.raises(ResourceError, match="5 CPU workers; there are 0 GPUs and 4 CPUs on 1 node"):
        plan_workers([0], "cpu:5", Resources(cpus=4, gpus=0))


@pytest.mark.parametrize("word", ["gpu", "cpu:0", "cpu:", "cpu:two", "", "auto "])
def test_a_word_that_is_none_is_refused(word: str):
    """The error says which there are."""
    with pytest.raises(ConfigError, match="wanted exact, auto, cpu, or cpu:N"):
        plan_workers([0], word, Resources(cpus=4, gpus=0))


@pytest.mark.parametrize(
    ("nodes", "count", "share"),
    [
        ([(8, 1)], 1, 8),
        ([(8, 8)], 2, 4),
        ([(8, 8)], 3, 2),
        ([(4, 4), (4, 4)], 1, 4),
        ([(6, 6), (2, 2)], 2, 3),
        ([(16, 1), (4, 1)], 2, 4),
        ([(0, 0), (2, 2)], 2, 1),
        ([(1, 1)], 2, 1),
    ],
)
def test_a_worker_s_share_of_cpus_fits_on_a_node(nodes: list[tuple[int, int]], count: int, share: int):
    """CPUs and GPUs of each node; no worker reaches over two."""
    assert share_of_cpus(nodes, count) == share


@pytest.mark.parametrize(
    ("resources", "workers", "groups"),
    [
        (Resources(cpus=8, gpus=0), Workers(count=2), 4),
        (Resources(cpus=2, gpus=0), Workers(count=2), 1),
        (Resources(cpus=1, gpus=0), Workers(count=2), 1),
        (Resources(cpus=8, gpus=4), Workers(count=2, device="cuda"), 2),
        (Resources(cpus=8, gpus=2), Workers(count=1, device="cuda", gpus=0.5), 4),
        (Resources(cpus=8, gpus=2), Workers(count=1, device="cuda", gpus=0.6), 2),
        (Resources(cpus=8, gpus=1), Workers(count=1, device="cuda", gpus=1 / 3), 3),
        (Resources(cpus=2, gpus=1), Workers(count=1, device="cuda", gpus=0.1), 2),
    ],
)
def test_so_many_groups_of_workers_have_room_at_once(resources: Resources, workers: Workers, groups: int):
    """A share of a GPU lies on one GPU, and each worker has a CPU; one group may always try."""
    assert groups_at_once(resources, workers) == groups
