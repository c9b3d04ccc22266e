"""Small projects, picture by picture."""

from kittiseg.project import pixels
from kittiseg.project.draft import Draft
from kittiseg.project.store import Project
from tests.data.projects import annotation_of, meta_of, picture, square

META = meta_of({"car": "bitmap"}, tags=("train",))
CAR = annotation_of({"car": square(top=1, left=2, side=3)}, tags=("train",))
PICTURE = pixels.encode(picture(), ".png")


def add_picture(draft: Draft, name: str = "a.png", *, dataset: str = "training") -> None:
    draft.add_dataset(dataset)
    draft.write(dataset, name, picture=PICTURE, annotation=CAR)


def places(project: Project) -> list[str]:
    return [f"{key.dataset}/{key.name}" for key in list(project.keys())]
