"""Prometheus and Grafana are not here; what they ask for is, in a real run."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

from kittiseg.engine import Engine
from kittiseg.pipeline import PredictOptions, TrainOptions, evaluate, import_pictures, predict, train, transform
from kittiseg.project.store import Workspace
from tests.data.cluster_files import CLUSTER, ROOT
from tests.data.query_sources import cropped, write_query
from tests.data.ray_metrics import watched
from tests.data.runs import TINY_TRAINING, WINDOWS, json_file, run_in
from tests.data.training import write_squares

MONITORING = CLUSTER / "monitoring"
DASHBOARD = MONITORING / "grafana" / "dashboards" / "kittiseg.json"
NEED_A_GPU = {"ray_node_gpus_utilization"}


def names_in(dashboard: dict[str, Any]) -> set[str]:
    """The metrics that its panels and its variables ask for."""
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked += [variable["query"]["query"] for variable in dashboard["templating"]["list"]]
    return {name for text in asked for name in re.findall(r"\bray_\w+", text)}


def read_yaml(*place: str) -> Any:
    return yaml.safe_load(MONITORING.joinpath(*place).read_text(encoding="utf-8"))


def test_a_run_tells_every_metric_that_the_dashboard_asks_for(workspace: Workspace, tmp_path: Path, ray_engine: Engine):
    """Each stage once, and a sweep as far as its bar; but for those that need a GPU."""
    wanted = names_in(json.loads(DASHBOARD.read_text(encoding="utf-8"))) - NEED_A_GPU
    assert len(wanted) > 20
    run = run_in(workspace, ray_engine)
    write_squares(workspace)
    pictures = Path(workspace.project("squares").files.root) / "ds" / "img"
    training = json_file(tmp_path, "train", {**TINY_TRAINING, "epochs": 1})
    windows = json_file(tmp_path, "windows", WINDOWS)

    with watched() as watch:
        import_pictures(run, "images", pictures, name="imported")
        transform(run, write_query(tmp_path, cropped()))
        train(run, TrainOptions(training, "squares", "m"))
        predict(run, PredictOptions(windows, "m", "squares", "predicted"))
        evaluate(run, "predicted", "squares", class_map="car_dl=car")
        sweep = run.metered("tune", sweep="s")
        sweep.start("tune s", 2, "trials")
        sweep.show(best=0.5)
        sweep.advance()
        sweep.finish()
        watch.wait_for(wanted, seconds=20)

    assert sorted(wanted - watch.seen) == []
    typo = DASHBOARD.read_text(encoding="utf-8").replace("predict_windows", "predict_window")
    assert names_in(json.loads(typo)) - NEED_A_GPU - watch.seen == {"ray_kittiseg_predict_window_per_second"}


def test_every_metric_of_the_stages_is_documented():
    """A name of the dashboard is in the table of docs/scaling.md, which writes a stage as STAGE."""
    documented = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")

    for name in names_in(json.loads(DASHBOARD.read_text(encoding="utf-8"))):
        if stage := re.match(r"ray_kittiseg_([a-z]+)_(\w+)", name):
            assert f"`{name}`" in documented or f"`ray_kittiseg_STAGE_{stage[2]}`" in documented


def test_panels_ask_the_source_that_is_provided():
    """In places of their own, each with a title and a legend."""
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    (source,) = read_yaml("grafana", "provisioning", "datasources", "prometheus.yaml")["datasources"]

    assert {panel["datasource"]["uid"] for panel in dashboard["panels"]} == {source["uid"]}
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in dashboard["panels"]}) == len(
        dashboard["panels"]
    )
    assert all(panel["title"] for panel in dashboard["panels"])
    assert all(target["legendFormat"] for panel in dashboard["panels"] for target in panel["targets"])


def test_prometheus_reads_ray_s_list_of_nodes():
    """Where Ray's head keeps it, and the containers see it."""
    (job,) = read_yaml("prometheus.yml")["scrape_configs"]
    (found,) = job["file_sd_configs"]
    services = read_yaml("docker-compose.yaml")["services"]

    assert found["files"] == ["/tmp/ray/prom_metrics_service_discovery.json"]
    assert "/tmp/ray:/tmp/ray:ro" in services["prometheus"]["volumes"]


def test_what_the_containers_mount_is_there_and_where_grafana_looks():
    """By the paths of the file itself."""
    services = read_yaml("docker-compose.yaml")["services"]
    mounts = [volume.split(":") for service in services.values() for volume in service["volumes"]]
    (provider,) = read_yaml("grafana", "provisioning", "dashboards", "kittiseg.yaml")["providers"]

    assert all((MONITORING / source).exists() for source, *_ in mounts if source.startswith("."))
    assert ["./grafana/dashboards", provider["options"]["path"], "ro"] in mounts
    assert DASHBOARD.parent == MONITORING / "grafana" / "dashboards"


def test_both_are_open_to_their_own_machine_only():
    """Whoever sees the metrics sees the names of projects."""
    services = read_yaml("docker-compose.yaml")["services"]

    assert "--web.listen-address=127.0.0.1:9090" in services["prometheus"]["command"]
    assert services["grafana"]["environment"]["GF_SERVER_HTTP_ADDR"] == "127.0.0.1"
