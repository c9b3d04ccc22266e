"""Which pictures a config wants more often than they are there."""

import numpy as np

from kittiseg.errors import DataError
from kittiseg.training.batches import Quota
from kittiseg.training.classes import ClassIndex
from kittiseg.training.config import Sampling


def quota_of(sampling: Sampling | None, classes: ClassIndex, counts_nc: np.ndarray, *, where: str) -> Quota | None:
    """What the pictures of an epoch come to; None where the config wants nothing.

    ``counts_nc``: each picture's pixels of each class. DataError, naming ``where``, if none has a pixel of the classes.
    """
    if sampling is None:
        return None
    wanted_n = counts_nc[:, [classes.index[title] for title in sampling.classes]].sum(1) > 0
    if not wanted_n.any():
        raise DataError(
            f"none of the {len(wanted_n)} training pictures of {where} has a pixel of {', '.join(sampling.classes)} "
            "at the network's input size; name other classes in /sampling/classes, or set /sampling to null"
        )
    return Quota(wanted_n, sampling.share)
