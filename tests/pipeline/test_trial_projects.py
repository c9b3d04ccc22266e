from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from kittiseg.errors import ConfigError, DataError
from kittiseg.pipeline.trial_projects import check_tags, shared_project, training_source
from kittiseg.project.store import Project, Workspace
from kittiseg.training.classes import ClassIndex
from kittiseg.training.config import DatasetTags
from kittiseg.training.reading import SampleReader
from tests.data.programs import query
from tests.data.query_sources import SQUARES, cropped
from tests.data.runs import leftovers, run_in, told
from tests.data.training import tiny_config, write_squares

TAGS = DatasetTags()
BLUR = ("blur", "$in", "$b", {"name": "gaussian", "sigma": {"min": 1, "max": 2}})


def retagged(percent: int) -> list[dict[str, Any]]:
    """Squares of which another share is for validation."""
    plain = {"action": "delete", "tag": "train"}, {"action": "delete", "tag": "val"}
    layers = [("tag", "$in", "$a", plain[0]), ("tag", "$a", "$b", plain[1])]
    chosen = ("if", "$b", ["$v", "$t"], {"condition": {"probability": percent / 100}})
    tags = [("tag", src, "$out", {"action": "add", "tag": tag}) for src, tag in (("$v", "val"), ("$t", "train"))]
    return query(SQUARES, *layers, chosen, *tags, save="$out")


def test_two_that_ask_at_the_same_moment_make_one_project(workspace: Workspace):
    """The second waits, and takes what the first has made; nothing else is left."""
    write_squares(workspace)
    runs, at_once = [run_in(workspace), run_in(workspace)], Barrier(2)

    def ask(number: int) -> Project:
        at_once.wait()
        return shared_project(runs[number], "s", cropped(), source="query.json")

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(ask, range(2))

    assert first.name == second.name
    assert first.keys() == second.keys()
    assert sum(title.startswith("transform") for run in runs for title, _, _ in told(run).bars) == 1
    assert workspace.projects() == [first.name, "squares"]
    assert leftovers(workspace) == []


def test_it_is_made_of_recipes_where_the_layers_allow_that(workspace: Workspace):
    """Crops are windows of their sources; a blurred picture is another picture."""
    write_squares(workspace)
    run = run_in(workspace)

    kinds = [
        shared_project(run, "s", made, source="query.json").layout.kind
        for made in (cropped(), query(SQUARES, BLUR, save="$b"))
    ]

    assert kinds == ["recipe", "folder"]


def test_a_query_that_cannot_be_is_told_by_its_file(workspace: Workspace):
    """A trial's, whose own project has a name that nobody wrote."""
    write_squares(workspace)

    with pytest.raises(ConfigError, match=r"^crops\.json in the workspace [^\n]*: 1 problem\n  /0/src/0: .*squares"):
        shared_project(
            run_in(workspace), "s", query(("data", "sqares/*", *SQUARES[2:]), save="$in"), source="crops.json"
        )


def test_what_was_made_by_another_seed_or_of_other_pictures_is_made_anew(workspace: Workspace):
    """The name tells the query alone."""
    write_squares(workspace)
    first = shared_project(run_in(workspace), "s", cropped(), source="query.json").digest

    again = shared_project(run_in(workspace), "s", cropped(), source="query.json").digest
    other = shared_project(run_in(workspace, seed=1), "s", cropped(), source="query.json").digest

    assert first == again
    assert other != first


def test_all_trials_validate_on_the_pictures_of_one_project(workspace: Workspace):
    """Training pictures are the trial's, validation pictures the sweep's."""
    write_squares(workspace)
    run = run_in(workspace)
    base, trial = (shared_project(run, "s", cropped(copies=copies), source="query.json") for copies in (2, 3))
    source = training_source(trial, base, TAGS)
    config = tiny_config()

    read = SampleReader(source, config, ClassIndex.of(source.meta, config.special_classes)).read()

    assert {name.split("/")[0] for name in read["train"].index.names} == {trial.name}
    assert {name.split("/")[0] for name in read["val"].index.names} == {base.name}
    assert (len(read["train"]), len(read["val"])) == (6 * 3, 2 * 2)


def test_a_trial_with_the_query_of_the_file_reads_one_project(workspace: Workspace):
    """As train does."""
    write_squares(workspace)
    base = shared_project(run_in(workspace), "s", cropped(), source="query.json")

    assert training_source(base, base, TAGS).record == {"project": base.name}


def test_a_picture_that_is_trained_and_validated_on_is_refused(workspace: Workspace):
    """A parameter that decides which pictures are for what would make scores too good."""
    write_squares(workspace)
    run = run_in(workspace)
    base, trial = (shared_project(run, "s", retagged(percent), source="query.json") for percent in (60, 20))

    with pytest.raises(DataError, match=r"trains on pictures that the sweep validates on: squares/ds/\d+\.png"):
        training_source(trial, base, TAGS)


def test_a_query_that_changes_the_classes_is_refused(workspace: Workspace):
    """The networks would not say the same."""
    write_squares(workspace)
    run = run_in(workspace)
    renamed = query(("data", "squares/*", "$in", {"classes_mapping": {"car": "vehicle"}}), save="$in")
    base, trial = (
        shared_project(run, "s", made, source="query.json") for made in (query(SQUARES, save="$in"), renamed)
    )

    with pytest.raises(DataError, match=r"makes the classes vehicle and that of the file, .*, car: a sweep cannot"):
        training_source(trial, base, TAGS)


def test_pictures_that_no_tag_tells_apart_are_refused():
    """Whatever has the tag of one would be the other's too."""
    with pytest.raises(ConfigError, match="give each a tag of its own by /dataset_tags"):
        check_tags(DatasetTags(val="__all__"), source="sweep.json")
