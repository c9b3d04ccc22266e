import json
from pathlib import Path

import pytest

from kittiseg.engine.packing import LIMIT, pack
from kittiseg.errors import ConfigError
from tests.data.runs import json_file


def test_a_file_goes_along_and_the_command_names_its_copy(tmp_path: Path):
    """Whatever else lies beside it stays."""
    config = json_file(tmp_path, "train", {"lr": 0.1})
    (tmp_path / "picture.png").write_bytes(b"data")

    words = pack(["train", config, "--name", "m"], job := tmp_path / "job")

    assert words == ["train", "inputs/train.json", "--name", "m"]
    assert [path.relative_to(job).as_posix() for path in _files(job)] == ["inputs/train.json"]
    assert json.loads((job / words[1]).read_text()) == {"lr": 0.1}


def test_files_that_a_file_names_go_along_and_lie_to_it_as_before(tmp_path: Path):
    """A sweep names its training config, by a path from its own folder; a name of nothing stays a name."""
    (tmp_path / "sweeps").mkdir()
    json_file(tmp_path, "train", {"lr": 0.1})
    named = {"train": "../train.json", "other": ["self.json", "missing.json", "s3://bucket/far.json"]}
    sweep = json_file(tmp_path / "sweeps", "self", named)

    words = pack(["tune", sweep], job := tmp_path / "job")

    assert words == ["tune", "inputs/sweeps/self.json"]
    assert ((job / words[1]).parent / "../train.json").resolve() in _files(job)
    assert len(_files(job)) == 2


def test_two_files_of_one_name_stay_two(tmp_path: Path):
    """They lay in different folders."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        json_file(tmp_path / name, "config", name)

    words = pack([tmp_path / "a" / "config.json", tmp_path / "b" / "config.json"], job := tmp_path / "job")

    assert [json.loads((job / word).read_text()) for word in words] == ["a", "b"]


def test_a_file_that_is_no_json_goes_along_all_the_same(tmp_path: Path):
    """The command says best what is wrong with it."""
    (tmp_path / "broken.json").write_text("{")

    assert pack([tmp_path / "broken.json"], tmp_path / "job") == ["inputs/broken.json"]


def test_data_do_not_go_along(tmp_path: Path):
    """Whatever they are called."""
    (tmp_path / "large.json").write_bytes(b" " * (LIMIT + 1))

    with pytest.raises(ConfigError, match=r"large\.json: 10\.5 MB is no config"):
        pack([tmp_path / "large.json"], tmp_path / "job")


def _files(folder: Path) -> list[Path]:
    return sorted(path.resolve() for path in folder.rglob("*") if path.is_file())
