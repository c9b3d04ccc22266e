"""The manifests against a strict schema of our own, and against the real one where it is at hand."""

import copy
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from tests.data.cluster_files import CLUSTER, pinned
from tests.data.kuberay import SCHEMAS, schema_of_crd

MANIFESTS = [CLUSTER / "kuberay" / name for name in ("raycluster.yaml", "rayjob.yaml")]
CRDS = {"RayCluster": "ray.io_rayclusters.yaml", "RayJob": "ray.io_rayjobs.yaml"}


def read(path: Path) -> dict[str, Any]:
    (document,) = yaml.safe_load_all(path.read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def problems(document: dict[str, Any]) -> list[str]:
    """What is wrong with a manifest, by the schema of its kind."""
    validator = Draft7Validator(SCHEMAS[document["kind"]])
    return [f"{'/'.join(map(str, error.path))}: {error.message}" for error in validator.iter_errors(document)]


@pytest.fixture(params=MANIFESTS, ids=lambda path: path.stem)
def manifest(request: pytest.FixtureRequest) -> dict[str, Any]:
    return read(request.param)


@pytest.fixture
def cluster(manifest: dict[str, Any]) -> dict[str, Any]:
    """The spec of the manifest's cluster."""
    spec = manifest["spec"]
    return spec.get("rayClusterSpec", spec)  # type: ignore[no-any-return]


def pods(cluster: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for group in [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]:
        yield group["template"]["spec"]


def test_a_manifest_fits_the_schema(manifest: dict[str, Any]):
    """Which knows no field that is not used here."""
    assert problems(manifest) == []


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.stem)
def test_a_manifest_fits_the_schema_of_the_operator(path: Path):
    """Where its CRDs are at hand."""
    folder = os.environ.get("KITTISEG_KUBERAY_CRDS")
    if folder is None:
        pytest.skip("KITTISEG_KUBERAY_CRDS names no folder of KubeRay's CRDs (ray-operator/config/crd/bases)")
    document = read(path)

    schema = schema_of_crd(Path(folder) / CRDS[document["kind"]])

    assert [error.message for error in Draft7Validator(schema).iter_errors(document)] == []


def test_a_crd_s_schema_is_made_strict(tmp_path: Path):
    """Kubernetes would drop the fields that it does not know, without a word."""
    spec = {"type": "object", "properties": {"rayVersion": {"type": "string"}, "free": {"type": "object"}}}
    version = {"name": "v1", "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}}
    (tmp_path / "crd.yaml").write_text(yaml.safe_dump({"spec": {"versions": [{"name": "v1alpha1"}, version]}}))
    validator = Draft7Validator(schema_of_crd(tmp_path / "crd.yaml"))

    assert validator.is_valid({"spec": {"rayVersion": "2.60.0", "free": {"any": 1}}})
    assert not validator.is_valid({"spec": {"rayVersoin": "2.60.0"}})


def rename(old: str, new: str, *way: str | int) -> Callable[[dict[str, Any]], None]:
    """A typo in a field's name."""

    def change(spec: Any) -> None:
        for step in way:
            spec = spec[step]
        spec[new] = spec.pop(old)

    return change


def put(value: object, *way: str | int) -> Callable[[dict[str, Any]], None]:
    """Another value."""

    def change(spec: Any) -> None:
        for step in way[:-1]:
            spec = spec[step]
        spec[way[-1]] = value

    return change


GPU_POD = ("workerGroupSpecs", 1, "template", "spec")


@pytest.mark.parametrize(
    "typo",
    [
        rename("minReplicas", "minReplica", "workerGroupSpecs", 0),
        rename("authOptions", "authOption"),
        rename("enableInTreeAutoscaling", "enableAutoscaling"),
        rename("limits", "limit", *GPU_POD, "containers", 0, "resources"),
        rename("tolerations", "toleration", *GPU_POD),
        rename("mountPath", "path", *GPU_POD, "containers", 0, "volumeMounts", 0),
        put("tokens", "authOptions", "mode"),
        put("2.60", "rayVersion"),
        put("0", "workerGroupSpecs", 0, "minReplicas"),
        put(0, "headGroupSpec", "rayStartParams", "num-cpus"),
        put("32 GB", *GPU_POD, "containers", 0, "resources", "limits", "memory"),
        put("memory", *GPU_POD, "volumes", 0, "emptyDir", "medium"),
        put("Exist", *GPU_POD, "tolerations", 0, "operator"),
    ],
)
def test_the_schema_catches_a_typo(manifest: dict[str, Any], typo: Callable[[dict[str, Any]], None]):
    """In the name of a field or in a value, in either manifest."""
    wrong = copy.deepcopy(manifest)
    typo(wrong["spec"].get("rayClusterSpec", wrong["spec"]))

    assert problems(wrong) != []


def test_the_schema_catches_a_typo_of_a_job():
    """The real schema takes any word for the mode."""
    job = read(CLUSTER / "kuberay" / "rayjob.yaml")

    assert problems({**job, "spec": {**job["spec"], "submissionMode": "K8sJob"}})
    assert problems({**job, "apiVersion": "ray.io/v1alpha1"})


def test_who_reaches_the_cluster_needs_its_token(cluster: dict[str, Any]):
    """And from outside it cannot be reached at all."""
    assert cluster["authOptions"] == {"mode": "token"}
    assert cluster["headGroupSpec"]["serviceType"] == "ClusterIP"


def test_the_cluster_grows_from_no_worker_and_the_head_runs_no_work(cluster: dict[str, Any]):
    """GPUs cost only while they are used."""
    assert cluster["enableInTreeAutoscaling"] is True
    assert [group["minReplicas"] for group in cluster["workerGroupSpecs"]] == [0, 0]
    assert cluster["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"


def test_every_pod_has_shared_memory_and_gets_what_it_asks_for(cluster: dict[str, Any]):
    """Ray's object store lies in /dev/shm, 30 % of the memory; Ray counts the limits as its resources."""
    for pod in pods(cluster):
        (container,), (volume,) = pod["containers"], pod["volumes"]
        assert {"name": volume["name"], "mountPath": "/dev/shm"} in container["volumeMounts"]
        assert container["resources"]["requests"] == container["resources"]["limits"]
        memory, shared = container["resources"]["limits"]["memory"], volume["emptyDir"]["sizeLimit"]
        assert float(shared.removesuffix("Gi")) > 0.3 * float(memory.removesuffix("Gi"))


def test_gpu_pods_alone_go_to_gpu_nodes(cluster: dict[str, Any]):
    """With the image that has CUDA."""
    for pod in pods(cluster):
        (container,) = pod["containers"]
        has_gpu = "nvidia.com/gpu" in container["resources"]["limits"]
        assert has_gpu == ("tolerations" in pod) == ("nodeSelector" in pod) == container["image"].endswith("-cuda")


def test_ray_is_the_version_that_the_image_has(cluster: dict[str, Any]):
    """That of constraints.txt."""
    assert cluster["rayVersion"] == pinned("ray")


def test_the_job_s_cluster_is_the_cluster():
    """Written twice, since a RayJob cannot refer to the file of another."""
    cluster, job = map(read, MANIFESTS)

    assert job["spec"]["rayClusterSpec"] == cluster["spec"]
    assert job["spec"]["entrypoint"].startswith("kittiseg demo --keep s3://")
    assert job["spec"]["shutdownAfterJobFinishes"] is True
