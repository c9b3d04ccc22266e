"""What may stand in a manifest of KubeRay: the part of its schemas that ours use, and strictly nothing else.

Fields as in the API reference of KubeRay 1.7 and of Kubernetes 1.30. The real schemas, CRDs of a megabyte each, can be
had in a folder that ``KITTISEG_KUBERAY_CRDS`` names.
"""

from pathlib import Path
from typing import Any

import yaml

Schema = dict[str, Any]

TEXT: Schema = {"type": "string", "minLength": 1}
NAME: Schema = {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "maxLength": 63}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
QUANTITY: Schema = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?(m|k|[KMGT]i?)?$"}
PORT: Schema = {"type": "integer", "minimum": 1, "maximum": 65535}
TEXTS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
AMOUNTS: Schema = {
    "type": "object",
    "properties": {"cpu": QUANTITY, "memory": QUANTITY, "nvidia.com/gpu": QUANTITY},
    "required": ["cpu", "memory"],
    "additionalProperties": False,
}


def _one_of(*words: str) -> Schema:
    return {"enum": list(words)}


def _many(items: Schema) -> Schema:
    return {"type": "array", "minItems": 1, "items": items}


def _fields(*required: str, **properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


_CONTAINER = _fields(
    "name",
    "image",
    "resources",
    name=NAME,
    image=TEXT,
    ports=_many(_fields("containerPort", "name", containerPort=PORT, name=NAME)),
    resources=_fields("requests", "limits", requests=AMOUNTS, limits=AMOUNTS),
    volumeMounts=_many(_fields("name", "mountPath", name=NAME, mountPath={"type": "string", "pattern": "^/"})),
)
_SHARED_MEMORY = _fields(
    "name",
    "emptyDir",
    name=NAME,
    emptyDir=_fields("medium", "sizeLimit", medium=_one_of("Memory"), sizeLimit=QUANTITY),
)
_TOLERATION = _fields(
    "key",
    "operator",
    key=TEXT,
    operator=_one_of("Exists", "Equal"),
    value=TEXT,
    effect=_one_of("NoSchedule", "PreferNoSchedule", "NoExecute"),
)
_POD = _fields(
    "containers",
    serviceAccountName=NAME,
    restartPolicy=_one_of("Never", "Always", "OnFailure"),
    nodeSelector=TEXTS,
    tolerations=_many(_TOLERATION),
    containers=_many(_CONTAINER),
    volumes=_many(_SHARED_MEMORY),
)
_TEMPLATE = _fields("spec", spec=_POD)
_WORKERS = _fields(
    "groupName",
    "minReplicas",
    "maxReplicas",
    "rayStartParams",
    "template",
    groupName=NAME,
    replicas=COUNT,
    minReplicas=COUNT,
    maxReplicas=COUNT,
    rayStartParams=TEXTS,
    template=_TEMPLATE,
)
_CLUSTER = _fields(
    "rayVersion",
    "authOptions",
    "headGroupSpec",
    "workerGroupSpecs",
    rayVersion={"type": "string", "pattern": r"^\d+\.\d+\.\d+$"},
    authOptions=_fields("mode", mode=_one_of("token", "disabled"), secretName=NAME),
    enableInTreeAutoscaling=FLAG,
    autoscalerOptions=_fields(
        version=_one_of("v1", "v2"),
        upscalingMode=_one_of("Default", "Aggressive", "Conservative"),
        idleTimeoutSeconds=COUNT,
    ),
    headGroupSpec=_fields(
        "rayStartParams",
        "template",
        serviceType=_one_of("ClusterIP", "NodePort", "LoadBalancer"),
        rayStartParams=TEXTS,
        template=_TEMPLATE,
    ),
    workerGroupSpecs=_many(_WORKERS),
)
_JOB = _fields(
    "entrypoint",
    "rayClusterSpec",
    entrypoint=TEXT,
    submissionMode=_one_of("K8sJobMode", "HTTPMode", "SidecarMode", "InteractiveMode"),
    shutdownAfterJobFinishes=FLAG,
    ttlSecondsAfterFinished=COUNT,
    activeDeadlineSeconds={"type": "integer", "minimum": 1},
    backoffLimit=COUNT,
    runtimeEnvYAML=TEXT,
    rayClusterSpec=_CLUSTER,
)


def _resource(kind: str, spec: Schema) -> Schema:
    return _fields(
        "apiVersion",
        "kind",
        "metadata",
        "spec",
        apiVersion=_one_of("ray.io/v1"),
        kind=_one_of(kind),
        metadata=_fields("name", name=NAME, namespace=NAME, labels=TEXTS),
        spec=spec,
    )


SCHEMAS = {"RayCluster": _resource("RayCluster", _CLUSTER), "RayJob": _resource("RayJob", _JOB)}


def schema_of_crd(path: Path) -> Schema:
    """The schema of version v1 in a CRD, made strict: what it does not name is an error."""
    crd = yaml.safe_load(path.read_text(encoding="utf-8"))
    (version,) = (each for each in crd["spec"]["versions"] if each["name"] == "v1")
    schema: Schema = _strict(version["schema"]["openAPIV3Schema"])
    return schema


def _strict(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {key: _strict(value) for key, value in schema.items() if key != "format"}
    if isinstance(strict.get("properties"), dict) and strict.get("type") == "object":
        strict.setdefault("additionalProperties", False)
    if strict.pop("x-kubernetes-int-or-string", False):
        strict["type"] = ["integer", "string"]
    return strict
