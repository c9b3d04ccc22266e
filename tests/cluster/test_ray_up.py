"""The files of ``ray up``, by Ray's own check of them and by what we promise."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from jsonschema import ValidationError

from tests.data.cluster_files import CLUSTER, ROOT, pinned

try:  # private, so it may move
    from ray.autoscaler._private.util import prepare_config, validate_config
except ImportError:
    prepare_config = None

CLOUDS = ("aws", "gcp")


@pytest.fixture(params=CLOUDS)
def config(request: pytest.FixtureRequest) -> dict[str, Any]:
    document = yaml.safe_load((CLUSTER / f"{request.param}.yaml").read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def check(config: dict[str, Any]) -> None:
    """As ``ray up`` does before it asks the cloud."""
    if prepare_config is None:
        pytest.skip("this version of Ray has its check of cluster files elsewhere")
    validate_config(prepare_config(copy.deepcopy(config)))


def test_ray_takes_the_file(config: dict[str, Any]):
    """By its own schema."""
    check(config)


def typo_at_the_top(config: dict[str, Any]) -> None:
    config["idle_timeout"] = config.pop("idle_timeout_minutes")


def typo_in_a_node_type(config: dict[str, Any]) -> None:
    gpu = config["available_node_types"]["gpu"]
    gpu["min_worker"] = gpu.pop("min_workers")


def typo_in_docker(config: dict[str, Any]) -> None:
    config["available_node_types"]["gpu"]["docker"]["worker_images"] = "a"


def half_a_gpu(config: dict[str, Any]) -> None:
    config["available_node_types"]["gpu"]["resources"]["GPU"] = 0.5


def no_such_head(config: dict[str, Any]) -> None:
    config["head_node_type"] = "haed"


@pytest.mark.parametrize(
    ("mutation", "complaint"),
    [
        (typo_at_the_top, "idle_timeout"),
        (typo_in_a_node_type, "min_worker"),
        (typo_in_docker, "worker_images"),
        (half_a_gpu, "not of type 'integer'"),
        (no_such_head, "head_node_type"),
    ],
)
def test_ray_refuses_the_file_with_a_typo(
    config: dict[str, Any], mutation: Callable[[dict[str, Any]], None], complaint: str
):
    """So the check is one."""
    mutation(config)

    with pytest.raises((ValidationError, ValueError), match=complaint):
        check(config)


def test_both_clouds_are_the_same_but_for_the_machines():
    """What is mended in one file is mended in the other."""
    aws, gcp = (yaml.safe_load((CLUSTER / f"{cloud}.yaml").read_text(encoding="utf-8")) for cloud in CLOUDS)
    of_a_cloud = {"provider", "available_node_types", "head_setup_commands"}

    assert {key: value for key, value in aws.items() if key not in of_a_cloud} == {
        key: value for key, value in gcp.items() if key not in of_a_cloud
    }
    for key in of_a_cloud - {"provider"}:
        assert len(aws[key]) == len(gcp[key])


def test_every_node_asks_for_the_token(config: dict[str, Any]):
    """It is copied to each of them, and may be read by its user alone."""
    assert config["file_mounts"]["~/.ray/auth_token"] == "~/.ray/auth_token"
    for role in ("head", "worker"):
        *_, start = config[f"{role}_start_ray_commands"]
        assert "RAY_AUTH_MODE=token ray start" in start
        assert "chmod 600 ~/.ray/auth_token" in start


def test_the_dashboard_is_open_to_its_own_machine_only(config: dict[str, Any]):
    """Ray's example opens it to everybody."""
    *_, start = config["head_start_ray_commands"]

    assert "--dashboard-host=127.0.0.1" in start
    assert "0.0.0.0" not in yaml.safe_dump(config)


def test_the_cluster_grows_from_no_worker_and_shrinks(config: dict[str, Any]):
    """GPUs cost only while they are used; the head runs no work."""
    types = config["available_node_types"]

    assert types["head"]["resources"] == {"CPU": 0}
    assert {types[name]["min_workers"] for name in ("data", "gpu")} == {0}
    assert types["gpu"]["resources"]["GPU"] == 1
    assert config["max_workers"] >= sum(types[name]["max_workers"] for name in ("data", "gpu"))
    assert config["idle_timeout_minutes"] <= 10


def test_workers_may_be_taken_away_and_the_head_may_not(config: dict[str, Any]):
    """Spot machines are cheaper by half; what they did not finish is done again."""
    types = config["available_node_types"]
    is_spot = {name: "spot" in yaml.safe_dump(types[name]["node_config"]).lower() for name in types}

    assert is_spot == {"head": False, "data": True, "gpu": True}


def test_images_have_the_ray_and_the_python_of_the_project(config: dict[str, Any]):
    """Pickles of one Python or Ray are not read by another."""
    images = [config["docker"]["image"], config["available_node_types"]["gpu"]["docker"]["worker_image"]]

    assert images == [f"rayproject/ray:{pinned('ray')}-py311-{kind}" for kind in ("cpu", "gpu")]


def test_prometheus_beside_the_container_finds_the_list_of_nodes(config: dict[str, Any]):
    """Ray's user in the container writes it to a folder of the machine."""
    assert config["docker"]["run_options"] == ["--volume=/tmp/ray:/tmp/ray"]
    assert config["initialization_commands"] == ["mkdir -p /tmp/ray && chmod 1777 /tmp/ray"]


def test_every_node_installs_the_project_that_is_here(config: dict[str, Any]):
    """With the versions that the tests ran with, and without what is not to leave this machine."""
    assert config["file_mounts"]["~/kittiseg"] == "."
    assert config["setup_commands"] == ["pip install --quiet -c ~/kittiseg/constraints.txt ~/kittiseg"]
    assert (ROOT / "constraints.txt").is_file()
    assert {".git", ".venv", "demo-workspace"} <= set(config["rsync_exclude"])
