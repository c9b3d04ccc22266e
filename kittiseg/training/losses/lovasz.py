"""lovasz: the Lovász extension of the Jaccard loss."""

from typing import Literal

import torch
from torch import Tensor

from kittiseg.config import settings
from kittiseg.training.losses.loss import Additive, Totals, counted, one_hot, precise


@settings
class Lovasz(Additive):
    """Lovász-softmax of each picture, averaged: a surrogate of ``1 - IoU``, exact where every p is 0 or 1.

    Of each class that a picture has (background included), the pixels' errors ``|t - p|`` are sorted, the largest
    first, and summed with the weights by which the Jaccard loss grows from pixel to pixel; then the mean over these
    classes, by their weights. A picture that is all neutral costs nothing. Berman et al., "The Lovász-Softmax loss",
    2018, with ``classes="present"`` and ``per_image``.
    """

    name: Literal["lovasz"] = "lovasz"

    def sums(self, logits_nchw: Tensor, labels_nhw: Tensor, totals: Totals, weights_c: Tensor | None) -> Tensor:
        logits_nchw = precise(logits_nchw)
        target_ncp = one_hot(labels_nhw, logits_nchw.shape[1]).flatten(2)
        counts_n1p = counted(labels_nhw).flatten(1)[:, None]
        errors_ncp = (target_ncp.to(logits_nchw.dtype) - logits_nchw.softmax(1).flatten(2)).abs() * counts_n1p
        ranks_ncp = torch.where(counts_n1p, errors_ncp.detach(), -1)  # neutral pixels stand last and change no growth
        order_ncp = ranks_ncp.argsort(dim=2, descending=True, stable=True)
        growth_ncp = jaccard_growth(target_ncp.gather(2, order_ncp).to(logits_nchw.dtype))
        loss_nc = (errors_ncp.gather(2, order_ncp) * growth_ncp).sum(2)
        weight_nc = target_ncp.any(2).to(logits_nchw.dtype)
        if weights_c is not None:
            weight_nc = weight_nc * weights_c
        total_n = weight_nc.sum(1)
        return ((loss_nc * weight_nc).sum(1) / torch.where(total_n > 0, total_n, 1)).sum() / totals.samples


def jaccard_growth(target_xp: Tensor) -> Tensor:
    """By how much ``1 - IoU`` grows when pixel after pixel along the last axis is wrong; t of the pixels, 0 or 1.

    With i pixels of the target left and u in the union behind a pixel: ``1 / u`` where t is 1, else
    ``i / (u (u - 1))``. These are the differences of Berman et al.'s ``lovasz_grad`` in closed form, which loses no
    digits. Meaningless where no t is 1.
    """
    total_x1 = target_xp.sum(-1, keepdim=True)
    left_xp = total_x1 - target_xp.cumsum(-1)
    union_xp = total_x1 + (1 - target_xp).cumsum(-1)
    return torch.where(target_xp > 0, 1, left_xp / (union_xp - 1).clamp(min=1)) / union_xp
