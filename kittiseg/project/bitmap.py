"""Masks as shapes."""

from typing import Any, ClassVar

import cv2
import numpy as np

from kittiseg.project import bitmap_codec
from kittiseg.project.geometry import Axis, Size, Window
from kittiseg.project.motions import Motion
from kittiseg.project.vectors import Rectangle


class Bitmap:
    """A mask that lies at a place of the picture. The encoded text is decoded when the pixels are first asked for."""

    kind: ClassVar[str] = "bitmap"
    __slots__ = ("_mask_hw", "_root", "_text", "window")

    def __init__(self, *, top: int, left: int, mask_hw: np.ndarray | None = None, text: str | None = None) -> None:
        if mask_hw is not None:
            size = Size(height=mask_hw.shape[0], width=mask_hw.shape[1])
        elif text is not None:
            size = bitmap_codec.decoded_size(text)
        else:
            raise ValueError("a bitmap needs a mask or its encoded text")
        self.window = Window(top=top, left=left, height=size.height, width=size.width)
        self._mask_hw = None if mask_hw is None else mask_hw.astype(bool, copy=False)
        self._text = text
        self._root: Bitmap | None = None

    @classmethod
    def trimmed(cls, mask_hw: np.ndarray, *, top: int = 0, left: int = 0) -> "Bitmap | None":
        """The mask without its empty margins, or None where nothing is set."""
        x, y, width, height = cv2.boundingRect(mask_hw.view(np.uint8))
        if width == 0:
            return None
        return cls(top=top + y, left=left + x, mask_hw=mask_hw[y : y + height, x : x + width])

    @property
    def mask_hw(self) -> np.ndarray:
        if self._mask_hw is None:
            assert self._text is not None
            self._mask_hw = bitmap_codec.decode(self._text)
        return self._mask_hw

    @property
    def root(self) -> "Bitmap":
        """The bitmap that this was cut out of or is a mirror image of, over however many steps; else itself."""
        return self._root or self

    @property
    def area(self) -> float:
        return float(np.count_nonzero(self.mask_hw))

    @property
    def box(self) -> Rectangle:
        return Rectangle(self.window.left, self.window.top, self.window.right, self.window.bottom)

    def crop(self, window: Window) -> "list[Bitmap]":
        inside = self.window.intersect(window)
        if inside is None:
            return []
        part_hw = self.mask_hw[inside.moved(down=-self.window.top, right=-self.window.left).slices]
        found = Bitmap.trimmed(part_hw, top=inside.top - window.top, left=inside.left - window.left)
        if found is None:
            return []
        if found.window == self.window:
            return [self]  # with its text, since nothing is lost or moved
        found._root = self.root
        return [found]

    def mirror(self, axis: Axis, image: Size) -> "Bitmap":
        if axis == "vertical":
            left = image.width - self.window.right
            mirrored = Bitmap(top=self.window.top, left=left, mask_hw=np.ascontiguousarray(self.mask_hw[:, ::-1]))
        else:
            top = image.height - self.window.bottom
            mirrored = Bitmap(top=top, left=self.window.left, mask_hw=np.ascontiguousarray(self.mask_hw[::-1]))
        mirrored._root = self.root
        return mirrored

    def move(self, motion: Motion) -> "list[Bitmap]":
        """Nothing where no pixel is left of it."""
        moved = []
        for part in self.crop(Window.whole(motion.source)):
            mask_hw, place = motion.mask(part.mask_hw, part.window)
            found = Bitmap.trimmed(mask_hw, top=place.top, left=place.left)
            moved += [found] if found else []
        return moved

    def draw(self, labels_hw: np.ndarray, value: int) -> None:
        whole = Window(top=0, left=0, height=labels_hw.shape[0], width=labels_hw.shape[1])
        inside = self.window.intersect(whole)
        if inside is not None:
            mask_hw = self.mask_hw[inside.moved(down=-self.window.top, right=-self.window.left).slices]
            labels_hw[inside.slices][mask_hw] = value

    def to_json(self) -> dict[str, Any]:
        if self._text is None:
            self._text = bitmap_codec.encode(self.mask_hw)
        return {"bitmap": {"origin": [self.window.left, self.window.top], "data": self._text}}

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Bitmap)
            and self.window == other.window
            and bool(np.array_equal(self.mask_hw, other.mask_hw))
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Bitmap({self.window})"
