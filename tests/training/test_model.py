import pytest
import torch

from kittiseg.errors import ConfigError, ModelError
from kittiseg.training.classes import ClassIndex
from kittiseg.training.model import ModelConfig
from tests.data.projects import meta_of
from tests.data.training import CAR, tiny_config


def config(seed: int = 0) -> ModelConfig:
    return ModelConfig(tiny_config(seed=seed), ClassIndex.of(CAR, tiny_config().special_classes))


def test_a_config_reads_back() -> None:
    """Settings, classes and their indices."""
    assert ModelConfig.from_json(config().to_json(), source="t") == config()


def test_a_broken_config_says_where() -> None:
    """A wrong setting with its pointer; a document that is none with its source."""
    document = config().to_json()
    document["settings"]["lr"] = -1

    with pytest.raises(ConfigError, match="/settings/lr"):
        ModelConfig.from_json(document, source="t")
    with pytest.raises(ModelError, match="somewhere: no config of a model"):
        ModelConfig.from_json([], source="somewhere")


def test_the_network_follows_from_the_config() -> None:
    """As many outputs as classes, the width's channels, the seed's weights."""
    one, same, other = (config(seed).build().state_dict() for seed in (1, 1, 2))

    assert one["head.weight"].shape == (2, 4, 1, 1)
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["head.weight"], other["head.weight"])


@pytest.mark.parametrize(
    ("best_by", "message"),
    [
        ("accuracy", "is 'accuracy'; wanted one of loss, mean_iou, iou/<class>, whole/mean_iou, whole/iou/<class>"),
        ("iou", "is 'iou'; wanted one of"),
        ("whole/loss", "is 'whole/loss'; wanted one of"),
        ("iou/cra", "but 'cra' is no class of the network; did you mean 'car'"),
        ("whole/mean_iou", "but no whole pictures are validated on; say which by validate_on"),
    ],
)
def test_a_best_that_cannot_be_known_is_refused(best_by: str, message: str) -> None:
    """Before the first step, with the words that there are."""
    with pytest.raises(ConfigError, match=f"/best_by: .*{message}"):
        ModelConfig(tiny_config(best_by=best_by), config().classes)


def test_what_does_not_fit_the_classes_is_told_at_once() -> None:
    """The loss of two classes for three, and a weight for a class that is not there."""
    settings = tiny_config(loss={"name": "bce_dice"}, class_weights={"vna": 2, "car": 3})
    classes = ClassIndex.of(meta_of({"car": "bitmap", "van": "bitmap"}), settings.special_classes)

    with pytest.raises(ConfigError) as caught:
        ModelConfig(settings, classes)

    assert [problem.pointer for problem in caught.value.problems] == ["/loss/name", "/class_weights/vna"]
    assert "bce_dice is for two classes and there are 3: bg, car, van" in str(caught.value)
    assert "no class of the network; did you mean 'van'?" in str(caught.value)


def test_an_encoder_that_is_not_there_cannot_be_frozen() -> None:
    """lightunet has none."""
    settings = tiny_config(network="lightunet", width=0.25, freeze_encoder=0.5)

    with pytest.raises(ConfigError, match="/freeze_encoder: network 'lightunet' has no encoder that could be frozen"):
        ModelConfig(settings, config().classes).build()
