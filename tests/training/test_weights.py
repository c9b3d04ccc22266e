import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from kittiseg.errors import ConfigError, ModelError, WorkspaceError
from kittiseg.progress import Silent
from kittiseg.project.store import Workspace
from kittiseg.training.checkpoints import read_weights, resolve
from kittiseg.training.classes import ClassIndex
from kittiseg.training.loop import train_loop
from kittiseg.training.model import ModelConfig
from kittiseg.training.networks import ENCODER, HEAD
from kittiseg.training.weights import InitFile, InitModel, find_init, first_weights, transferable
from tests.data.projects import meta_of
from tests.data.train_worker import Context
from tests.data.training import CAR, tiny_config, tiny_job


def model_config(*, meta: Any = CAR, **fields: Any) -> ModelConfig:
    config = tiny_config(**fields)
    return ModelConfig(config, ClassIndex.of(meta, config.special_classes))


def first(config: ModelConfig, init: Any = None, **options: Any) -> dict[str, torch.Tensor]:
    return first_weights(config, init, Silent(), **options)[0]


def equal_names(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> set[str]:
    return {name for name in one if name in other and torch.equal(one[name], other[name])}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """With a trained model ``tiny``."""
    workspace = Workspace.at(tmp_path / "workspace")
    train_loop(Context(rank=0, world_size=1), tiny_job(workspace, epochs=1, seed=9))
    return workspace


def test_random_weights_follow_from_the_seed() -> None:
    """The same seed gives the same weights and leaves torch's own generator alone."""
    torch.manual_seed(5)
    before = torch.random.get_rng_state()

    one, same, other = (first(model_config(seed=seed)) for seed in (1, 1, 2))

    assert equal_names(one, same) == set(one)
    assert "head.weight" not in equal_names(one, other)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_random_weights_want_no_init(tmp_path: Path) -> None:
    """A file that would not be read is an error."""
    with pytest.raises(ConfigError, match="leave out one of them"):
        first(model_config(), InitFile(tmp_path / "w.safetensors"))


@pytest.mark.parametrize("name", ["w.safetensors", "w.pt", "w.pth"])
def test_transfer_takes_everything_but_the_last_layer(tmp_path: Path, name: str) -> None:
    """From each kind of file; unknown names are left out, missing ones keep what the seed gave."""
    there = model_config(seed=1).build().state_dict()
    there["extra.weight"] = torch.zeros(3)
    del there["bottleneck.0.weight"]
    if name.endswith(".safetensors"):
        safetensors.torch.save_file(there, tmp_path / name)
    else:
        torch.save(there, tmp_path / name)
    config = model_config(seed=2, weights_init_type="transfer_learning")

    weights, origin = first_weights(config, InitFile(tmp_path / name), Silent())

    own = model_config(seed=2).build().state_dict()
    kept = {name for name in own if name.startswith(HEAD)} | {"bottleneck.0.weight"}
    assert set(weights) == set(own)
    assert equal_names(weights, there) >= set(own) - kept
    assert equal_names(weights, own) >= kept
    assert f"{len(own) - 3} of {len(own)} tensors" in origin


def test_transfer_from_a_model_fits_other_classes(workspace: Workspace) -> None:
    """A model of two classes starts one of three: its last layer is new."""
    config = model_config(meta=meta_of({"car": "bitmap", "van": "bitmap"}), weights_init_type="transfer_learning")

    weights = first(config, find_init(workspace, "tiny"))

    trained = read_weights(resolve(workspace.model_files("tiny"), "last"))
    assert equal_names(weights, trained) == {name for name in trained if not name.startswith(HEAD)}
    assert weights["head.weight"].shape[0] == 3


def test_another_shape_is_an_error_with_both_shapes(tmp_path: Path) -> None:
    """Every tensor that does not fit is named."""
    safetensors.torch.save_file(model_config(width=0.12).build().state_dict(), tmp_path / "w.safetensors")
    config = model_config(weights_init_type="transfer_learning")

    with pytest.raises(ModelError, match=r"features\.0\.weight: \(8, 3, 3, 3\) there, \(4, 3, 3, 3\) in the network"):
        first(config, InitFile(tmp_path / "w.safetensors"))


def test_a_file_without_a_known_name_is_an_error() -> None:
    """Taking nothing over would be no transfer."""
    with pytest.raises(ModelError, match=r"none of its 1 names \(fc\.weight"):
        transferable({"fc.weight": torch.zeros(1)}, model_config().build().state_dict(), source="x.pt")


def test_nothing_in_a_file_is_executed(tmp_path: Path) -> None:
    """A pickle that would call something is refused unread."""

    class Evil:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return (Path.touch, (tmp_path / "called",))

    torch.save({"features.0.weight": Evil()}, tmp_path / "w.pt")

    with pytest.raises(ModelError, match="no weights that can be read"):
        first(model_config(weights_init_type="transfer_learning"), InitFile(tmp_path / "w.pt"))
    assert not (tmp_path / "called").exists()


def test_continue_takes_everything(workspace: Workspace) -> None:
    """The last layer and the running statistics too."""
    weights = first(model_config(weights_init_type="continue_training"), find_init(workspace, "tiny@1"))

    trained = read_weights(resolve(workspace.model_files("tiny"), "1"))
    assert equal_names(weights, trained) == set(trained) == set(weights)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"meta": meta_of({"van": "bitmap"})}, r"tells apart .*'car'.* and this project .*'van'"),
        ({"width": 0.12}, "of width 0.06 and the config asks for a unetv2 of width 0.12"),
    ],
)
def test_continue_wants_the_same_classes_and_network(workspace: Workspace, fields: Any, message: str) -> None:
    """Other classes or another width are errors that say what differs."""
    with pytest.raises(ModelError, match=message):
        first(model_config(weights_init_type="continue_training", **fields), find_init(workspace, "tiny"))


def test_continue_wants_a_model() -> None:
    """Without --init there is nothing to continue."""
    with pytest.raises(ModelError, match="--init MODEL"):
        first(model_config(weights_init_type="continue_training"))


def test_init_names_a_file_a_model_or_a_folder(workspace: Workspace, tmp_path: Path) -> None:
    """What ends like weights is a file; else it is a model of the workspace, or a folder with a config.json."""
    (tmp_path / "w.pt").touch()
    folder = workspace.files.path("models/tiny")

    assert find_init(workspace, str(tmp_path / "w.pt")) == InitFile(tmp_path / "w.pt")
    assert find_init(workspace, "tiny@best") == InitModel(workspace.model_files("tiny"), "best")
    assert find_init(workspace, folder) == InitModel(workspace.model_files("tiny"), "last")
    with pytest.raises(ModelError, match="no such file"):
        find_init(workspace, str(tmp_path / "other.pt"))
    with pytest.raises(WorkspaceError, match="did you mean 'tiny'"):
        find_init(workspace, "tinny")


@pytest.fixture
def imagenet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, dict[str, torch.Tensor]]]:
    """The URL of weights named like vgg16_bn's, on a server of this machine, and what they are."""
    monkeypatch.setenv("KITTISEG_CACHE", str(tmp_path / "cache"))
    encoder = {k: v for k, v in model_config(seed=7, width=1).build().state_dict().items() if k.startswith(ENCODER)}
    there = {name.removeprefix(ENCODER): tensor for name, tensor in encoder.items()}
    torch.save({**there, "classifier.0.weight": torch.zeros(4)}, tmp_path / "w")
    digest = hashlib.sha256((tmp_path / "w").read_bytes()).hexdigest()[:8]
    (tmp_path / "w").rename(tmp_path / f"vgg-{digest}.pth")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/vgg-{digest}.pth", encoder
    server.shutdown()
    server.server_close()


def test_imagenet_weights_become_the_encoder(imagenet: tuple[str, dict[str, torch.Tensor]]) -> None:
    """Every tensor of the encoder is the file's, its classifier is left out."""
    url, encoder = imagenet

    weights = first(model_config(seed=1, width=1, weights_init_type="transfer_learning"), url=url)

    assert equal_names(weights, encoder) == set(encoder)
    assert not any(name.startswith("classifier") for name in weights)


def test_imagenet_weights_out_of_reach_name_both_ways_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of one's own, or random weights."""
    monkeypatch.setenv("KITTISEG_CACHE", str(tmp_path))
    config = model_config(width=1, weights_init_type="transfer_learning")

    with pytest.raises(ModelError, match=r'cannot be fetched.*--init FILE.*"weights_init_type": "random"'):
        first(config, url="http://127.0.0.1:9/vgg-00000000.pth")


def test_imagenet_weights_fit_width_1_alone() -> None:
    """A narrow network is told so before anything is fetched."""
    with pytest.raises(ModelError, match=r"width 1 and the config asks for 0\.06; give weights by --init FILE"):
        first(model_config(weights_init_type="transfer_learning"))


def test_imagenet_weights_are_those_of_unetv2_alone() -> None:
    """Another network is told so, with both ways out; a file of VGG16 has no name that it knows."""
    config = model_config(network="lightunet", width=1, weights_init_type="transfer_learning")

    with pytest.raises(ModelError, match=r"unetv2's encoder, and the config asks for a lightunet; .*--init FILE"):
        first(config)
    with pytest.raises(ModelError, match=r"none of its 1 names \(features\.0\.weight"):
        transferable({"features.0.weight": torch.zeros(1)}, config.build().state_dict(), source="vgg.pth")
