"""The actions of the query language, one file each. To add one: write its file, and its line here."""

from kittiseg.dtl.layer import Layer
from kittiseg.dtl.layers.approx_vector import ApproxVector
from kittiseg.dtl.layers.background import Background
from kittiseg.dtl.layers.bbox import Bbox
from kittiseg.dtl.layers.bbox2poly import Bbox2Poly
from kittiseg.dtl.layers.bitmap2lines import Bitmap2Lines
from kittiseg.dtl.layers.bitwise_masks import BitwiseMasks
from kittiseg.dtl.layers.blur import Blur
from kittiseg.dtl.layers.color_class import ColorClass
from kittiseg.dtl.layers.contour_sliding_box import ContourSlidingBox
from kittiseg.dtl.layers.contrast_brightness import ContrastBrightness
from kittiseg.dtl.layers.crop import Crop
from kittiseg.dtl.layers.crop_annotation import CropAnnotation
from kittiseg.dtl.layers.data import Data
from kittiseg.dtl.layers.dataset import Dataset
from kittiseg.dtl.layers.drop_lines_by_length import DropLinesByLength
from kittiseg.dtl.layers.drop_lines_under_polygon import DropLinesUnderPolygon
from kittiseg.dtl.layers.drop_noise import DropNoise
from kittiseg.dtl.layers.drop_obj_by_class import DropObjByClass
from kittiseg.dtl.layers.dummy import Dummy
from kittiseg.dtl.layers.duplicate_objects import DuplicateObjects
from kittiseg.dtl.layers.find_contours import FindContours
from kittiseg.dtl.layers.find_cracknets import FindCracknets
from kittiseg.dtl.layers.flip import Flip
from kittiseg.dtl.layers.generate_hints import GenerateHints
from kittiseg.dtl.layers.if_ import If
from kittiseg.dtl.layers.instances_crop import InstancesCrop
from kittiseg.dtl.layers.line2bitmap import Line2Bitmap
from kittiseg.dtl.layers.merge_bitmap_masks import MergeBitmapMasks
from kittiseg.dtl.layers.merge_lines import MergeLines
from kittiseg.dtl.layers.multiply import Multiply
from kittiseg.dtl.layers.noise import Noise
from kittiseg.dtl.layers.objects_filter import ObjectsFilter
from kittiseg.dtl.layers.parquet import Parquet
from kittiseg.dtl.layers.poly2bitmap import Poly2Bitmap
from kittiseg.dtl.layers.random_color import RandomColor
from kittiseg.dtl.layers.rasterize import Rasterize
from kittiseg.dtl.layers.recipe import Recipe
from kittiseg.dtl.layers.rename import Rename
from kittiseg.dtl.layers.resize import Resize
from kittiseg.dtl.layers.resize_annotation import ResizeAnnotation
from kittiseg.dtl.layers.restore_annotation_scale import RestoreAnnotationScale
from kittiseg.dtl.layers.road_lines import RoadLines
from kittiseg.dtl.layers.rotate import Rotate
from kittiseg.dtl.layers.save import Save
from kittiseg.dtl.layers.save_masks import SaveMasks
from kittiseg.dtl.layers.skeletonize import Skeletonize
from kittiseg.dtl.layers.sliding_window import SlidingWindow
from kittiseg.dtl.layers.split import Split
from kittiseg.dtl.layers.split_masks import SplitMasks
from kittiseg.dtl.layers.supervisely import Supervisely
from kittiseg.dtl.layers.tag import TagLayer
from kittiseg.dtl.layers.tile import Tile

LAYERS: dict[str, type[Layer]] = {
    "approx_vector": ApproxVector,
    "background": Background,
    "bbox": Bbox,
    "bbox2poly": Bbox2Poly,
    "bitmap2lines": Bitmap2Lines,
    "bitwise_masks": BitwiseMasks,
    "blur": Blur,
    "color_class": ColorClass,
    "contour_sliding_box": ContourSlidingBox,
    "contrast_brightness": ContrastBrightness,
    "crop": Crop,
    "crop_annotation": CropAnnotation,
    "data": Data,
    "dataset": Dataset,
    "drop_lines_by_length": DropLinesByLength,
    "drop_lines_under_polygon": DropLinesUnderPolygon,
    "drop_noise": DropNoise,
    "drop_obj_by_class": DropObjByClass,
    "dummy": Dummy,
    "duplicate_objects": DuplicateObjects,
    "find_contours": FindContours,
    "find_cracknets": FindCracknets,
    "flip": Flip,
    "generate_hints": GenerateHints,
    "if": If,
    "instances_crop": InstancesCrop,
    "line2bitmap": Line2Bitmap,
    "merge_bitmap_masks": MergeBitmapMasks,
    "merge_lines": MergeLines,
    "multiply": Multiply,
    "noise": Noise,
    "objects_filter": ObjectsFilter,
    "parquet": Parquet,
    "poly2bitmap": Poly2Bitmap,
    "random_color": RandomColor,
    "rasterize": Rasterize,
    "recipe": Recipe,
    "rename": Rename,
    "resize": Resize,
    "resize_annotation": ResizeAnnotation,
    "restore_annotation_scale": RestoreAnnotationScale,
    "road_lines": RoadLines,
    "rotate": Rotate,
    "save": Save,
    "save_masks": SaveMasks,
    "skeletonize": Skeletonize,
    "sliding_window": SlidingWindow,
    "split": Split,
    "split_masks": SplitMasks,
    "supervisely": Supervisely,
    "tag": TagLayer,
    "tile": Tile,
}
