"""Which pictures a config wants more often than they are there."""

import numpy as np

from kittiseg.errors import DataError
from kittiseg.training.batches import Quota
from kittiseg.training.classes import ClassIndex
from kittiseg.training.config import Sampling


def quota_of(sampling: Sampling | None, classes: ClassIndex, labels_nhw: np.ndarray, *, where: str) -> Quota | None:
    """What the label maps of an epoch's pictures come to; None where the config wants nothing.

    DataError, naming ``where``, if no picture has a pixel of the classes.
    """
    if sampling is None:
        return None
    is_wanted = np.zeros(256, np.bool_)
    is_wanted[[classes.index[title] for title in sampling.classes]] = True
    wanted_n = np.array([is_wanted[labels_hw].any() for labels_hw in labels_nhw], np.bool_)
    if not wanted_n.any():
        raise DataError(
            f"none of the {len(wanted_n)} training pictures of {where} has a pixel of {', '.join(sampling.classes)} "
            "at the network's input size; name other classes in /sampling/classes, or set /sampling to null"
        )
    return Quota(wanted_n, sampling.share)
