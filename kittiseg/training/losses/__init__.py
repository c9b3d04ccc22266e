"""The losses that a config can name, each a settings class. To add one: a class, a line in LOSSES, a name in AnyLoss.

A loss is reckoned from sums over pictures, so that it and its gradient do not depend on how a batch is split over
devices: means are divided by :class:`Totals` of the whole batch, which are known beforehand from the label maps. All
are computed in float32, whatever the logits are.
"""

from kittiseg.training.losses.boundary import Boundary
from kittiseg.training.losses.loss import Loss, Totals
from kittiseg.training.losses.lovasz import Lovasz
from kittiseg.training.losses.overlap import Dice, Tversky
from kittiseg.training.losses.pixels import BceDice, CrossEntropy, Focal, LossWeights

LOSSES: dict[str, type[Loss]] = {
    "bce_dice": BceDice,
    "boundary": Boundary,
    "ce": CrossEntropy,
    "dice": Dice,
    "focal": Focal,
    "lovasz": Lovasz,
    "tversky": Tversky,
}

AnyLoss = BceDice | Boundary | CrossEntropy | Dice | Focal | Lovasz | Tversky

__all__ = ["LOSSES", "AnyLoss", "BceDice", "CrossEntropy", "Loss", "LossWeights", "Totals"]
