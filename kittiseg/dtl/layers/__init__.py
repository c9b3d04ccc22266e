"""The actions of the query language, one file each. To add one: write its file, and its line here."""

from kittiseg.dtl.layer import Layer
from kittiseg.dtl.layers.crop import Crop
from kittiseg.dtl.layers.data import Data
from kittiseg.dtl.layers.dataset import Dataset
from kittiseg.dtl.layers.dummy import Dummy
from kittiseg.dtl.layers.flip import Flip
from kittiseg.dtl.layers.if_ import If
from kittiseg.dtl.layers.multiply import Multiply
from kittiseg.dtl.layers.supervisely import Supervisely
from kittiseg.dtl.layers.tag import TagLayer

LAYERS: dict[str, type[Layer]] = {
    "crop": Crop,
    "data": Data,
    "dataset": Dataset,
    "dummy": Dummy,
    "flip": Flip,
    "if": If,
    "multiply": Multiply,
    "supervisely": Supervisely,
    "tag": TagLayer,
}
