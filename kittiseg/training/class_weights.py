"""The weights of the classes in a loss."""

import numpy as np

from kittiseg.training.classes import ClassIndex
from kittiseg.training.config import TrainConfig


def class_weights(config: TrainConfig, classes: ClassIndex, counts_nc: np.ndarray) -> tuple[float, ...]:
    """In the order of the network's channels; none where the config wants none.

    ``counts_nc``: each training picture's pixels of each class. Neutral ones are of none.
    """
    if config.class_weights is None:
        return ()
    if config.class_weights == "balanced":
        return tuple(median_frequency(counts_nc).tolist())
    return tuple(float(config.class_weights.get(name, 1)) for name in classes.names)


def median_frequency(counts_nc: np.ndarray) -> np.ndarray:
    """``median(f) / f`` of every class, f being its share of the pixels of the pictures that have it.

    Neutral pixels count nowhere; a class without any pixel weighs 1. Median-frequency balancing: Eigen & Fergus,
    "Predicting Depth, Surface Normals and Semantic Labels with a Common Multi-Scale Convolutional Architecture", 2015.
    """
    pixels_c = counts_nc.sum(0)
    of_pictures_c = ((counts_nc > 0) * counts_nc.sum(1, keepdims=True)).sum(0)
    seen_c = pixels_c > 0
    weights_c = np.ones(len(pixels_c))
    share = pixels_c[seen_c] / of_pictures_c[seen_c]
    weights_c[seen_c] = np.median(share) / share if share.size else 1
    return weights_c
