from pathlib import Path

from kittiseg.project.store import Files
from kittiseg.training.run_record import PAUSED, add_facts, add_session, end_session, is_paused, read_run, write_run


def test_every_start_is_recorded(tmp_path: Path) -> None:
    """One entry each, with time and versions; what came to its end is marked as ended, with its reason."""
    model = Files.at(tmp_path)
    write_run(model, {"project": "p", "sessions": []})

    add_session(model, {"device": "cpu"})
    add_session(model, {"device": "cuda"})
    end_session(model, "all 2 epochs are done")

    record = read_run(model)
    assert record["project"] == "p"
    assert [entry["device"] for entry in record["sessions"]] == ["cpu", "cuda"]
    assert ["ended" in entry for entry in record["sessions"]] == [False, True]
    assert record["sessions"][1]["why"] == "all 2 epochs are done"
    assert set(record["sessions"][0]["versions"]) == {"kittiseg", "torch", "numpy", "python"}


def test_a_training_that_paused_and_goes_on_is_not_paused(tmp_path: Path) -> None:
    """Nor is one that never began."""
    model = Files.at(tmp_path)
    assert not is_paused(model)
    write_run(model, {"sessions": []})
    assert not is_paused(model)

    add_session(model, {})
    end_session(model, PAUSED)
    assert is_paused(model)
    add_session(model, {})
    assert not is_paused(model)


def test_what_was_found_out_first_stays(tmp_path: Path) -> None:
    """A training that goes on in another epoch does not change it."""
    model = Files.at(tmp_path)
    write_run(model, {"project": "p"})

    add_facts(model, {"scale": {"x": 1.0}})
    add_facts(model, {"scale": {"x": 2.0}})

    assert read_run(model) == {"project": "p", "scale": {"x": 1.0}}
