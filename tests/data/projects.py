"""Small items, annotations and projects, made from seeds; nothing here is a file."""

import numpy as np

from kittiseg.project import pixels
from kittiseg.project.annotation import Annotation, Figure, Tag
from kittiseg.project.geometry import Size
from kittiseg.project.item import Item, ItemKey
from kittiseg.project.meta import ObjectClass, ProjectMeta, TagClass
from kittiseg.project.pixels import LazyImage
from kittiseg.project.shapes import Bitmap, Line, Point, Polygon, Rectangle, Shape
from kittiseg.project.store import Project, Workspace

SMALL = Size(height=6, width=8)


def picture(size: Size = SMALL, *, seed: int = 0) -> np.ndarray:
    """RGB noise (h, w, 3): hardly two pixels are alike, so a wrong place shows."""
    return np.random.default_rng(seed).integers(0, 256, (size.height, size.width, 3), np.uint8)


def square(*, top: int, left: int, side: int) -> Bitmap:
    return Bitmap(top=top, left=left, mask_hw=np.ones((side, side), bool))


def bitmap_of(*rows: str, top: int = 0, left: int = 0) -> Bitmap:
    """A bitmap drawn with letters: ``bitmap_of("##.", ".#.")``, '#' being set."""
    return Bitmap(top=top, left=left, mask_hw=np.array([[char == "#" for char in row] for row in rows]))


def polygon(*points: tuple[float, float], holes: tuple[list[tuple[float, float]], ...] = ()) -> Polygon:
    """From (x, y) corners."""
    return Polygon(np.array(points, float), tuple(np.array(hole, float) for hole in holes))


def line(*points: tuple[float, float]) -> Line:
    return Line(np.array(points, float))


def one_of_each() -> dict[str, Shape]:
    """A shape of every kind inside ``SMALL``, by the name of its kind."""
    return {
        "bitmap": bitmap_of("##.", ".##", top=1, left=2),
        "polygon": polygon((1, 1), (6, 1), (6, 5), (1, 5), holes=([(3, 2), (4, 2), (4, 3), (3, 3)],)),
        "rectangle": Rectangle(1, 1, 5, 4),
        "line": line((0, 0), (4, 4), (7, 4)),
        "point": Point(3, 2),
    }


def meta_of(shapes: dict[str, str], *, tags: tuple[str, ...] = ()) -> ProjectMeta:
    """``{"car": "bitmap"}`` as a meta; each class has a colour of its own."""
    colors = (f"#{37 * (index + 1) % 256:02x}{91 * (index + 1) % 256:02x}80" for index in range(len(shapes)))
    classes = tuple(
        ObjectClass(name, shape, color) for (name, shape), color in zip(shapes.items(), colors, strict=True)
    )
    return ProjectMeta(classes, tuple(map(TagClass, tags)))


def annotation_of(
    figures: dict[str, Shape] | list[tuple[str, Shape]], *, size: Size = SMALL, tags: tuple[str, ...] = ()
) -> Annotation:
    """Class name -> shape, in painter's order; pairs where a class comes twice."""
    pairs = figures.items() if isinstance(figures, dict) else figures
    return Annotation(size, tuple(Figure(name, shape) for name, shape in pairs), tuple(map(Tag, tags)))


def item_of(annotation: Annotation, *, name: str = "000000_10.png", dataset: str = "training", seed: int = 0) -> Item:
    """An item of project ``source`` with noise for a picture."""
    image = LazyImage.from_array(picture(annotation.image, seed=seed))
    return Item(key=ItemKey("source", dataset, name), image=image, annotation=annotation, dataset=dataset)


def item_with_square(
    *, top: int = 1, left: int = 2, side: int = 3, class_name: str = "car", size: Size = SMALL, name: str = "a.png"
) -> Item:
    """One picture with one square bitmap on it."""
    return item_of(annotation_of({class_name: square(top=top, left=left, side=side)}, size=size), name=name)


def every_shape() -> Item:
    """An item with objects of every shape, large enough that each layer has something to do, and tag ``day``."""
    figures: list[tuple[str, Shape]] = [
        ("road", square(top=14, left=3, side=6)),
        ("speck", bitmap_of("####..#", "#..#...", "####...", ".......", "#......", top=10, left=20)),
        ("house", polygon((2, 2), (14, 3), (15, 12), (3, 11), holes=([(5, 5), (9, 5), (9, 8)],))),
        ("sign", Rectangle(18, 2, 26, 8)),
        ("lane", line((1, 20), (12, 9), (15, 6))),
        ("lane", line((17, 4), (24, 1))),
        ("lane", line((20, 16), (24, 22), (29, 17), (25, 13), (20, 16))),
        ("pole", Point(30, 4)),
    ]
    return item_of(annotation_of(figures, size=Size(height=24, width=32), tags=("day",)))


def write_project(
    workspace: Workspace, name: str, pictures: dict[str, Annotation], *, meta: ProjectMeta, overwrite: bool = False
) -> Project:
    """``{"training/a.png": annotation}`` as a project; the picture beside each is noise seeded by its place."""
    draft = workspace.draft(name, overwrite=overwrite)
    for dataset in sorted({place.split("/")[0] for place in pictures}):
        draft.add_dataset(dataset)
    for seed, (place, annotation) in enumerate(pictures.items()):
        dataset, file_name = place.split("/")
        data = pixels.encode(picture(annotation.image, seed=seed), "." + file_name.rsplit(".", 1)[1])
        draft.write(dataset, file_name, picture=data, annotation=annotation)
    return draft.commit(meta, {"made_by": "a test"})


def small_project(
    workspace: Workspace, name: str = "small", *, count: int = 3, dataset: str = "training", size: Size = SMALL
) -> Project:
    """``count`` pictures ``000000_10.png`` ...: a road over the lower half and a car that moves to the right."""
    road = Bitmap(top=size.height // 2, left=0, mask_hw=np.ones((size.height - size.height // 2, size.width), bool))
    pictures = {
        f"{dataset}/{index:06d}_10.png": annotation_of(
            {"road": road, "car": square(top=1, left=index % max(size.width - 3, 1), side=3)}, size=size
        )
        for index in range(count)
    }
    return write_project(workspace, name, pictures, meta=meta_of({"road": "bitmap", "car": "bitmap"}))
