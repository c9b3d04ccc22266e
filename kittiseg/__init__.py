"""kittiseg: segmentation for pictures that do not fit a neural network.

Start reading in :mod:`kittiseg.pipeline`: it holds the stages in the order in which data flows.
"""

__version__ = "0.1.0"
