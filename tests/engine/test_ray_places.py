import threading
from pathlib import Path

from ray.train.torch import TorchTrainer
from ray.util import placement_group_table

from kittiseg.engine import Engine, WorkerContext, Workers
from kittiseg.engine.on_ray import OnRay
from kittiseg.engine.ray_places import Trainer, free_place
from kittiseg.engine.search import SearchPlan, TrialContext, TrialNews, TrialTask
from kittiseg.project.files import Files
from tests.data.kills import wait_until


def stay(context: WorkerContext, folder: str) -> None:
    """A worker that stays for ever."""
    with Path(folder, "starts").open("a") as stream:
        stream.write("x")
    wait_until(lambda: False)


def lose_the_place(context: TrialContext) -> None:
    """A trial whose workers are taken their place while it still lives."""
    folder = Path(context.parameters["folder"])
    assert isinstance(context.engine, OnRay)
    assert context.engine.share is not None
    place = context.engine.share.folder

    def free() -> None:
        wait_until((folder / "starts").exists)
        free_place(place)

    threading.Thread(target=free, daemon=True).start()
    storage = Files.at(folder / "engine")
    storage.make_folder("")
    context.engine.fit(stay, str(folder), workers=Workers(count=1), name="train", storage=storage)


def test_workers_whose_place_was_freed_are_not_started_anew(ray_engine: Engine, tmp_path: Path):
    """Ray Train would look for another place at once, and nobody would free that when its trial is dead."""
    storage = Files.at(tmp_path / "search")
    storage.make_folder("")
    heard: list[TrialNews] = []
    task = TrialTask("0000", {"folder": str(tmp_path)})

    plan = SearchPlan(at_once=1, workers=Workers(count=1))
    ray_engine.search(lose_the_place, iter([task]), heard.append, plan=plan, storage=storage)

    assert heard[-1].kind == "failed"
    assert (tmp_path / "starts").read_text() == "x"
    wait_until(lambda: all(group["state"] == "REMOVED" for group in placement_group_table().values()))


def test_nobody_asks_a_dashboard_whether_a_training_is_alive(ray_engine: Engine):
    """And nobody serves data sets that are not there; all else is as Ray Train has it, whose names may change."""
    theirs, ours = (
        {type(callback).__name__ for callback in trainer(print)._create_default_callbacks()}
        for trainer in (TorchTrainer, Trainer)
    )

    assert theirs - ours == {"PlacementGroupCleanerCallback", "DatasetsCallback"}
    assert ours < theirs
