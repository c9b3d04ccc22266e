"""Networks of segmentation_models.pytorch, an extra: ``pip install kittiseg[smp]``."""

import copy
import re
from typing import Any

import torch
from torch import Tensor, nn

from kittiseg.config import did_you_mean
from kittiseg.errors import ModelError
from kittiseg.project.geometry import Size

PREFIX = "smp:"
FORM = "smp:<architecture>/<encoder>, or smp:<architecture>/<encoder>/<its weights>"


class SmpNetwork(nn.Module):
    """Logits (n, classes, h, w) of pictures (n, 3, h, w), by ``name``, as ``smp:Unet/resnet34/imagenet``.

    The weights that the name has in its third part are fetched only where ``pretrained``. ``multiple``: of what h and
    w must be multiples. ModelError where the package, the architecture, the encoder or its weights are not to be had.
    """

    def __init__(self, name: str, classes: int, *, pretrained: bool = False) -> None:
        super().__init__()
        architecture, encoder, weights = parts_of(name)
        known = _package()
        if architecture.lower() not in known.MODEL_ARCHITECTURES_MAPPING:
            names = [each.__name__ for each in known.MODEL_ARCHITECTURES_MAPPING.values()]
            raise ModelError(f"network '{name}': no architecture '{architecture}'{did_you_mean(architecture, names)}")
        if not encoder.startswith("tu-") and encoder not in known.encoders.get_encoder_names():
            near = did_you_mean(encoder, known.encoders.get_encoder_names())
            raise ModelError(f"network '{name}': no encoder '{encoder}'{near}")
        try:
            body = known.create_model(
                architecture, encoder, encoder_weights=weights if pretrained else None, classes=classes
            )
        except Exception as error:  # what the package raises differs from encoder to encoder
            raise ModelError(f"network '{name}' cannot be made: {type(error).__name__}: {error}") from error
        self.multiple = int(body.encoder.output_stride) if body.requires_divisible_input_shape else 1
        self.head = body.segmentation_head
        body.segmentation_head = nn.Identity()
        self.body = body

    @property
    def encoder(self) -> nn.Module:
        return self.body.encoder

    def forward(self, images_nchw: Tensor) -> Tensor:
        return self.head(self.body(images_nchw))


def parts_of(name: str) -> tuple[str, str, str | None]:
    """Architecture, encoder, and the encoder's weights or None. ValueError where the name has another form."""
    match = re.fullmatch(r"smp:(\w+)/([\w.-]+)(?:/([\w.+-]+))?", name)
    if match is None:
        raise ValueError(f"network '{name}' is none of the form {FORM}")
    return match[1], match[2], match[3]


def try_out(network: nn.Module, size: Size, *, pictures: int) -> None:
    """ModelError where so many pictures of a size do not go through it in training; it stays what it was."""
    try:
        with torch.no_grad():
            shape = copy.deepcopy(network).train()(torch.zeros(pictures, 3, size.height, size.width)).shape
    except (RuntimeError, ValueError, AssertionError) as error:
        raise ModelError(
            f"the network takes no batch of {pictures} pictures of {size.width} x {size.height}: {error}; "
            "choose another /input_size, a larger /batch_size/train, or another /network"
        ) from None
    if shape[2:] != (size.height, size.width):
        raise ModelError(f"the network makes {shape[3]} x {shape[2]} of {size.width} x {size.height}; choose another")


def _package() -> Any:
    try:
        import segmentation_models_pytorch
    except (ImportError, RuntimeError) as error:  # RuntimeError: a torchvision that was built for another torch
        raise ModelError(
            f"networks '{PREFIX}...' need segmentation_models.pytorch, which cannot be imported ({error}): "
            f"pip install kittiseg[smp], beside a torchvision that was built for torch {torch.__version__}"
        ) from None
    return segmentation_models_pytorch
