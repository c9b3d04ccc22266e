"""boundary: how far from the target's outline a prediction is wrong."""

from typing import Annotated, Literal

import cv2
import numpy as np
import torch
from annotated_types import Gt, Le
from torch import Tensor

from kittiseg.config import Doc, settings
from kittiseg.training.losses.loss import Additive, Totals, counted, mean_over_classes, one_hot, precise
from kittiseg.training.losses.overlap import Dice


@settings
class Boundary(Additive):
    """``(1 - share) Dice + share B``; B is the mean over pixels of ``phi (p - t)``, then over the classes by weights.

    phi is the signed distance to the class's outline in px of the network's input, see :func:`signed_distances`, and
    0 on a picture without the class: there Dice alone sees false alarms. Background is no class. The term ``phi t``,
    which hangs on the target alone, makes a perfect prediction cost 0. Dice is that of each picture. Kervadec et al.,
    "Boundary loss for highly unbalanced segmentation", 2019, with a share that stays.
    """

    name: Literal["boundary"] = "boundary"
    share: Annotated[float, Gt(0), Le(1), Doc("of the boundary in the loss; the rest is Dice")] = 0.01

    def sums(self, logits_nchw: Tensor, labels_nhw: Tensor, totals: Totals, weights_c: Tensor | None) -> Tensor:
        logits_nchw = precise(logits_nchw)
        classes = logits_nchw.shape[1]
        phi_nchw = signed_distances(labels_nhw, classes).to(logits_nchw.dtype)
        target_nchw = one_hot(labels_nhw, classes)[:, 1:].to(logits_nchw.dtype)
        wrong_nchw = (logits_nchw.softmax(1)[:, 1:] - target_nchw) * counted(labels_nhw)[:, None]
        boundary_c = (phi_nchw * wrong_nchw).sum((0, 2, 3)) / max(totals.pixels, 1)
        boundary = mean_over_classes(boundary_c, None if weights_c is None else weights_c[1:])
        return (1 - self.share) * Dice().sums(logits_nchw, labels_nhw, totals, weights_c) + self.share * boundary


def signed_distances(labels_nhw: Tensor, classes: int) -> Tensor:
    """float32 (n, classes - 1, h, w), px, of the classes but the background: how far a pixel is from the outline.

    Outside of a class the distance d to its nearest pixel; inside ``1 - d``, d to the nearest pixel of another class.
    Neutral pixels are of no class and of no other: the border to them is no outline. 0 everywhere on a picture
    without the class, or without any other. Exact and Euclidean; on a GPU nothing waits for the host.
    """
    inside = one_hot(labels_nhw, classes)[:, 1:].flatten(0, 1)
    outside = counted(labels_nhw).repeat_interleave(classes - 1, 0) & ~inside
    distances_to = _distances_on_host if labels_nhw.device.type == "cpu" else distances_on_device
    phi_mhw = torch.where(inside, 1 - distances_to(outside), distances_to(inside))
    has_outline_m = inside.flatten(1).any(1) & outside.flatten(1).any(1)
    return torch.where(has_outline_m[:, None, None], phi_mhw, 0).unflatten(0, (-1, classes - 1))


def _distances_on_host(masks_mhw: Tensor) -> Tensor:
    """From each pixel to the nearest one of its mask, much faster so on a CPU; 0 where the mask is empty."""
    found_mhw = np.zeros(masks_mhw.shape, np.float32)
    for found_hw, mask_hw in zip(found_mhw, masks_mhw.numpy(), strict=True):
        if mask_hw.any():
            cv2.distanceTransform((~mask_hw).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE, dst=found_hw)
    return torch.from_numpy(found_mhw)


def distances_on_device(masks_mhw: Tensor) -> Tensor:
    """The same by torch alone: along the columns, then the least over each row; infinite where a mask is empty."""
    height, width = masks_mhw.shape[1:]
    rows_h1 = torch.arange(height, device=masks_mhw.device, dtype=torch.float32)[:, None]
    above_mhw = torch.where(masks_mhw, rows_h1, -torch.inf).cummax(1).values
    below_mhw = torch.where(masks_mhw, rows_h1, torch.inf).flip(1).cummin(1).values.flip(1)
    squares_mhw = torch.minimum(rows_h1 - above_mhw, below_mhw - rows_h1).square()
    columns_w = torch.arange(width, device=masks_mhw.device, dtype=torch.float32)
    found_mhw = torch.full_like(squares_mhw, torch.inf)
    for column in range(width):
        found_mhw = torch.minimum(found_mhw, squares_mhw[:, :, column, None] + (columns_w - column).square())
    return found_mhw.sqrt()
