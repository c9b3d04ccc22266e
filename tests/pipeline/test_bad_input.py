"""Bad input has one clear outcome: the right result, or one error that names the file and the remedy."""

import base64
import copy
import json
import unicodedata
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kittiseg.cli import run as command_line
from kittiseg.engine import Engine
from kittiseg.errors import DataError, KittisegError
from kittiseg.pipeline import import_pictures, transform
from kittiseg.project.geometry import Size
from kittiseg.project.pixels import decode_rgb
from kittiseg.project.shapes import Bitmap, Polygon
from kittiseg.project.store import Project, Workspace
from tests.data.kitti_folders import png, write
from tests.data.odd_pictures import bad_pictures, good_pictures, png_chunk, turned_jpeg
from tests.data.projects import annotation_of, bitmap_of, meta_of, polygon, small_project, write_project
from tests.data.queries import chain
from tests.data.runs import digest_of_project, json_file, leftovers, run_in, told

GOOD, BAD = good_pictures(), bad_pictures()
FLIP = ("flip", {"axis": "vertical"})
CUT = ("crop", {"sides": dict.fromkeys(("left", "top", "right", "bottom"), "4px")})


def commands(workspace: Workspace, *lines: list[str]) -> list[int]:
    """Exit codes of command lines in this process."""
    return [command_line(["-w", workspace.files.root, "--engine", "local", *line]) for line in lines]


@pytest.fixture
def query(tmp_path: Path) -> Path:
    """Mirrors project ``p``, cuts 4 px from each side, and makes project ``made``."""
    return json_file(tmp_path, "query", chain("p", FLIP, CUT))


@pytest.mark.parametrize("name", GOOD)
def test_pictures_of_every_kind_are_right(workspace: Workspace, tmp_path: Path, query: Path, name: str):
    """16 bits become 8, grey becomes RGB, alpha goes, palettes are looked up, EXIF turns are applied; none is lost."""
    data, shown_hwc = GOOD[name]
    write(tmp_path / "pictures", name, data)

    import_pictures(run_in(workspace), "images", tmp_path / "pictures", name="p")
    transform(run_in(workspace), query)

    (key,) = workspace.project("made").keys()
    made_hwc = decode_rgb(workspace.project("made").picture_bytes(key), name=name)
    np.testing.assert_array_equal(made_hwc, shown_hwc[:, ::-1][4:-4, 4:-4])
    height, width = made_hwc.shape[:2]
    assert workspace.project("made").annotation(key).image == Size(height=height, width=width)


def test_a_turned_photograph_stays_turned_and_is_turned_once(workspace: Workspace, tmp_path: Path):
    """A file that no layer changes is copied with its EXIF; one that was changed is written without it."""
    write(tmp_path / "pictures", "a.jpg", turned_jpeg())
    import_pictures(run_in(workspace), "images", tmp_path / "pictures", name="p")

    for name, layers, size in (("same", [], (32, 24)), ("cut", [CUT], (24, 16))):
        transform(run_in(workspace), json_file(tmp_path, name, chain("p", *layers, to=name)))
        project = workspace.project(name)
        (key,) = project.keys()
        assert decode_rgb(project.picture_bytes(key), name="a").shape[:2] == size
        assert project.annotation(key).image == Size(height=size[0], width=size[1])


@pytest.mark.parametrize("name", BAD)
def test_damaged_pictures_are_refused_in_one_line(
    workspace: Workspace, tmp_path: Path, query: Path, name: str, capfd: pytest.CaptureFixture[str]
):
    """By import, and by transform where a file was damaged later. The libraries that read them say nothing."""
    data, words = BAD[name]
    write(tmp_path / "pictures", name, data)
    small_project(workspace, "p", size=Size(height=24, width=32))
    broken = Path(workspace.files.path("projects/p/training/img/000001_10.png"))
    broken.write_bytes(data)

    codes = commands(
        workspace, ["import", "images", str(tmp_path / "pictures"), "--name", "new"], ["transform", str(query)]
    )

    err = capfd.readouterr().err
    assert codes == [2, 2]
    assert err.count("error:") == 2
    assert f"{name}: " in err
    assert "p/training/000001_10.png: " in err
    assert err.count(words) == 2
    assert not any(library in err for library in ("libpng", "OpenCV", "WARN", "Traceback"))
    assert workspace.projects() == ["p"]


def png_with_a_good_frame_and_bad_pixels() -> bytes:
    """Checksums are right, but the pixels end in the middle."""
    whole = png(Size(height=24, width=32))
    return whole[:33] + png_chunk(b"IDAT", zlib.compress(bytes(100))) + whole[-12:]


def test_pixels_that_end_too_early_are_found(workspace: Workspace, tmp_path: Path):
    """Nobody wants the lower half black."""
    write(tmp_path / "pictures", "a.png", png_with_a_good_frame_and_bad_pixels())

    with pytest.raises(DataError, match=r"a\.png: not a picture, or damaged"):
        import_pictures(run_in(workspace), "images", tmp_path / "pictures", name="p")


PICTURE = Size(height=24, width=32)
META = meta_of({"car": "bitmap", "house": "polygon", "sign": "rectangle", "lane": "line", "pole": "point"})
CAR = {"classTitle": "car", "bitmap": {"origin": [1, 2], "data": ""}}
HOUSE = {"classTitle": "house", "points": {"exterior": [[1, 1], [9, 1], [9, 9]], "interior": []}}


def annotation(*objects: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"size": {"height": 24, "width": 32}, "tags": [], "description": "", "objects": list(objects), **changes}


def car(data: str | bytes, origin: Any = (1, 2)) -> dict[str, Any]:
    """An object with a bitmap; bytes are packed as the format has it."""
    text = data if isinstance(data, str) else base64.b64encode(zlib.compress(data)).decode()
    return annotation({"classTitle": "car", "bitmap": {"origin": origin, "data": text}})


def house(**points: Any) -> dict[str, Any]:
    changed = copy.deepcopy(HOUSE)
    changed["points"] |= points
    return annotation(changed)


BAD_ANNOTATIONS: dict[str, tuple[Any, str]] = {
    "no JSON": (b"{'size'", "not valid JSON"),
    "an empty file": (b"", "not valid JSON"),
    "no text": (b"\xff\xfe\x00", "not valid JSON"),
    "deeper than any annotation": (b"[" * 100_000, "not valid JSON"),
    "a list": ([annotation()], "an annotation is an object"),
    "no size": ({"objects": []}, "needs 'size'"),
    "a size that is none": (annotation(size={"height": 24, "width": 32.5}), "needs 'size'"),
    "a size of nothing": (annotation(size={"height": 0, "width": 32}), "needs 'size'"),
    "a size that disagrees with the picture": (annotation(size={"height": 24, "width": 33}), "33 x 24|24 x 33"),
    "objects that are none": (annotation(objects="car"), "'objects' is a list"),
    "an object that is none": (annotation(objects=["car"]), "needs 'classTitle'"),
    "an object without class": (annotation({"bitmap": CAR["bitmap"]}), "needs 'classTitle'"),
    "a class that meta.json lacks": (annotation({**HOUSE, "classTitle": "hosue"}), "class 'hosue', which meta.json"),
    "a bitmap where points are due": (annotation({**CAR, "classTitle": "house"}), "'points'"),
    "points where a bitmap is due": (annotation({**HOUSE, "classTitle": "car"}), "needs 'bitmap'"),
    "NaN": (json.dumps(house(exterior=[[float("nan"), 1], [9, 1], [9, 9]])).encode(), "points are not a list"),
    "infinity": (json.dumps(house(exterior=[[float("inf"), 1], [9, 1], [9, 9]])).encode(), "points are not a list"),
    "a place beyond all pictures": (house(exterior=[[1e300, 1], [9, 1], [9, 9]]), "points are not a list"),
    "points of three numbers": (house(exterior=[[1, 1, 1], [9, 1, 1], [9, 9, 1]]), "points are not a list"),
    "points that are words": (house(exterior=[["a", "b"]] * 3), "points are not a list"),
    "a hole that is none": (house(interior=[7]), "points are not a list"),
    "an origin that is none": (car("", origin=[1]), "points are not a list"),
    "bitmap data that is no base64": (car("*"), "bitmap data"),
    "bitmap data that is no zlib": (car("aGVsbG8gd29ybGQ="), "bitmap data"),
    "bitmap data that is no PNG": (car(b"hello world, this is not a picture"), "bitmap data is not a PNG"),
    "bitmap data of a damaged PNG": (car(png(Size(height=4, width=4))[:50]), "bitmap data is not a whole PNG"),
}


def _written(document: Any) -> bytes:
    return document if isinstance(document, bytes) else json.dumps(document).encode()


@pytest.mark.parametrize("kind", BAD_ANNOTATIONS)
def test_damaged_annotations_are_refused_with_their_file(workspace: Workspace, tmp_path: Path, query: Path, kind: str):
    """By import, and by transform where one was damaged later; the other pictures are not to blame."""
    document, words = BAD_ANNOTATIONS[kind]
    folder = tmp_path / "source"
    write(folder, "meta.json", META.to_json())
    for name, data in (("a.png", _written(document)), ("b.png", _written(annotation()))):
        write(folder, f"ds/img/{name}", png(PICTURE))
        write(folder, f"ds/ann/{name}.json", data)
    with pytest.raises(DataError, match=rf"1 pictures cannot be imported(.|\n)*a\.png(.|\n)*({words})"):
        import_pictures(run_in(workspace), "supervisely", folder, name="p")
    assert workspace.projects() == leftovers(workspace) == []

    empty = annotation_of({}, size=PICTURE)
    project = write_project(workspace, "p", {"ds/a.png": empty, "ds/b.png": empty}, meta=META)
    project.files.write("ds/ann/a.png.json", _written(document))

    with pytest.raises(DataError, match=rf"1 of 2 pictures cannot be transformed(.|\n)*a\.png(.|\n)*({words})"):
        transform(run_in(workspace), query)
    assert workspace.projects() == ["p"]


def test_bitmaps_that_stick_out_are_cut_and_those_outside_are_gone(workspace: Workspace, tmp_path: Path):
    """Import says so; a window shows what it would have shown."""
    bitmaps = {"inside": (4, 4), "across the corner": (-2, -3), "across the far corner": (22, 30), "outside": (40, 40)}
    shapes = [("car", Bitmap(top=top, left=left, mask_hw=np.ones((6, 6), bool))) for top, left in bitmaps.values()]
    folder = tmp_path / "source"
    write(folder, "meta.json", META.to_json())
    write(folder, "ds/img/a.png", png(PICTURE))
    write(folder, "ds/ann/a.png.json", annotation_of(shapes, size=PICTURE).to_json())
    run = run_in(workspace)

    import_pictures(run, "supervisely", folder, name="p")

    assert any("lies outside of its picture (1)" in notice for notice in told(run).notices)
    assert windows(workspace.project("p")) == [(4, 4, 6, 6), (0, 0, 4, 3), (22, 30, 2, 2)]
    transform(run_in(workspace), json_file(tmp_path, "q", chain("p", FLIP)))
    assert windows(workspace.project("made")) == [(4, 22, 6, 6), (0, 29, 4, 3), (22, 0, 2, 2)]

    write_project(workspace, "raw", {"ds/a.png": annotation_of(shapes, size=PICTURE)}, meta=META)
    transform(run_in(workspace), json_file(tmp_path, "q", chain("raw", CUT, to="cut")))
    assert windows(workspace.project("cut")) == [(0, 0, 6, 6)]


def windows(project: Project) -> list[tuple[int, int, int, int]]:
    """Top, left, height and width of the bitmaps of its one picture."""
    (key,) = project.keys()
    found = [figure.shape.window for figure in project.annotation(key).figures]  # type: ignore[attr-defined]
    return [(window.top, window.left, window.height, window.width) for window in found]


BOW = polygon((10, 10), (90, 70), (90, 10), (10, 70))
"""Two triangles that meet in (50, 40)."""


TURN = {"rotate_angles": {"min_degrees": 90, "max_degrees": 90}, "black_regions": {"mode": "keep"}}
TWICE = {"width": 200, "height": 160, "aspect_ratio": {"keep": False}}
LEFT_HALF = {"sides": {"left": "0px", "top": "0px", "right": "50%", "bottom": "0px"}}
FILL = {"classes_mapping": {"house": "filled"}}


@pytest.mark.parametrize(
    ("layers", "share"),
    [
        ([("crop", LEFT_HALF)], 0.5),
        ([("rotate", TURN)], 1),
        ([("poly2bitmap", FILL)], 1),
        ([("rasterize", FILL)], 1),
        ([FLIP, ("resize", TWICE)], 4),
    ],
    ids=["crop", "rotate", "poly2bitmap", "rasterize", "resize"],
)
def test_a_polygon_that_crosses_itself_keeps_its_two_triangles(
    workspace: Workspace, tmp_path: Path, layers: list[Any], share: float
):
    """Whatever is done to it: 2400 px each, by the even-odd rule, and nothing between them."""
    bow = annotation_of({"house": BOW}, size=Size(height=80, width=100))
    write_project(workspace, "p", {"ds/a.png": bow}, meta=meta_of({"house": "polygon"}))

    transform(run_in(workspace), json_file(tmp_path, "q", chain("p", *layers)))

    project = workspace.project("made")
    (key,) = project.keys()
    labels_hw = project.annotation(key).to_label_map({"house": 1, "filled": 1})
    assert np.count_nonzero(labels_hw) == pytest.approx(2400 * share, rel=0.1)


NAMES = ["写真 1.png", "🚗.png", "שלום עולם.png", "größe (2) [x] 50%.png", "a'b;c&d$e.png", "x" * 170 + ".png"]


def test_names_of_any_language_go_through(workspace: Workspace, tmp_path: Path, ray_engine: Engine):
    """Pictures, data sets and projects; on both engines alike."""
    for name in NAMES:
        write(tmp_path / "pictures", f"улица ☂/{name}", png(PICTURE))
    (made,) = import_pictures(run_in(workspace), "images", tmp_path / "pictures", name="città 写真")

    query = json_file(tmp_path, "q", chain("città 写真", CUT, to="ausgeschnitten 🚗"))
    transform(run_in(workspace), query)
    here = digest_of_project(workspace, "ausgeschnitten 🚗")
    transform(run_in(workspace, ray_engine), query, overwrite=True)

    project = workspace.project("ausgeschnitten 🚗")
    assert made.images == len(project.keys()) == len(NAMES)
    assert project.datasets == ["città 写真__улица ☂"]
    assert {key.stem[:4] for key in project.keys()} == {Path(name).stem[:4] for name in NAMES}
    assert digest_of_project(workspace, "ausgeschnitten 🚗") == here


def test_twins_of_one_look_stay_two_pictures(workspace: Workspace, tmp_path: Path, query: Path):
    """An 'é' of one letter and an 'é' of a letter and an accent; and two names that differ in their case alone."""
    twins = [unicodedata.normalize(form, "café.png") for form in ("NFC", "NFD")] + ["A.png", "a.png"]
    for seed, name in enumerate(twins):
        write(tmp_path / "pictures", name, png(PICTURE, seed=seed))
    if len(list((tmp_path / "pictures").iterdir())) < len(twins):
        pytest.skip("this file system takes them for one name")
    import_pictures(run_in(workspace), "images", tmp_path / "pictures", name="p")

    made = transform(run_in(workspace), query)

    pictures = {workspace.project("made").picture_bytes(key) for key in workspace.project("made").keys()}
    assert made.images == len(pictures) == 4


def test_a_name_too_long_for_its_descendants_is_named(workspace: Workspace, tmp_path: Path):
    """What a query adds to a name may be too much; the error names the source picture."""
    name = "x" * 192 + ".png"
    write(tmp_path / "pictures", name, png(PICTURE))
    import_pictures(run_in(workspace), "images", tmp_path / "pictures", name="p")

    with pytest.raises(DataError, match=r"p/ds/x+\.png: .*cannot be the file name of a picture; rename it"):
        transform(run_in(workspace), json_file(tmp_path, "q", chain("p", FLIP, ("multiply", {"multiply": 2}))))


def test_a_name_that_no_file_can_bear_is_refused_by_import(workspace: Workspace, tmp_path: Path):
    """Longer than a project's pictures may be named."""
    write(tmp_path / "pictures", "x" * 210 + ".png", png(PICTURE))

    with pytest.raises(DataError, match=r"cannot be the file name of a picture; rename it"):
        import_pictures(run_in(workspace), "images", tmp_path / "pictures", name="p")


def test_pictures_that_differ_in_their_suffix_alone_stay_apart(workspace: Workspace, tmp_path: Path, query: Path):
    """Their descendants would have one name; both are there, each with its own pixels."""
    for seed, name in enumerate(("a.png", "a.bmp", "a.tif")):
        write(tmp_path / "pictures", name, png(PICTURE, seed=seed))
    import_pictures(run_in(workspace), "images", tmp_path / "pictures", name="p")

    made = transform(run_in(workspace), query)

    project = workspace.project("made")
    assert made.images == len(project.keys()) == 3
    assert len({decode_rgb(project.picture_bytes(key), name="a").tobytes() for key in project.keys()}) == 3


def test_a_data_set_without_pictures_adds_nothing(workspace: Workspace, query: Path):
    """The others are done."""
    project = small_project(workspace, "p", count=2, size=PICTURE)
    project.files.make_folder("empty/img")
    project.files.make_folder("empty/ann")

    made = transform(run_in(workspace), query)

    assert (made.images, dict(made.datasets)) == (2, {"p__training": 2})


def test_a_project_without_data_sets_gives_an_empty_one_and_a_warning(workspace: Workspace, query: Path):
    """Nothing came in, and that is said."""
    write_project(workspace, "p", {}, meta=META)
    run = run_in(workspace)

    made = transform(run, query)

    assert made.images == 0
    assert told(run).warnings == ["layer /0 (data): no picture came in from p/*"]
    assert workspace.project("made").keys() == []


def test_a_picture_without_annotation_is_named(workspace: Workspace, query: Path):
    """It is not taken for a picture without objects."""
    project = small_project(workspace, "p", size=PICTURE)
    project.files.remove("training/ann/000001_10.png.json")

    with pytest.raises(DataError, match=r"1 of 3 .*\n.*training/ann/000001_10\.png\.json: no such file.*remove the"):
        transform(run_in(workspace), query)


def test_an_annotation_without_picture_is_nothing(workspace: Workspace, query: Path):
    """A project's pictures are its pictures' files."""
    project = small_project(workspace, "p", size=PICTURE)
    project.files.remove("training/img/000001_10.png")

    assert transform(run_in(workspace), query).images == 2


def test_files_without_partner_are_refused_by_import(workspace: Workspace, tmp_path: Path):
    """Both ways round, each named, and two pictures that share one annotation of 2018."""
    write(tmp_path / "source", "meta.json", META.to_json())
    for name in ("alone.png", "twin.png", "twin.jpg"):
        write(tmp_path / "source", f"ds/img/{name}", png(PICTURE))
    for name in ("orphan.png", "twin"):
        write(tmp_path / "source", f"ds/ann/{name}.json", annotation())

    with pytest.raises(DataError) as caught:
        import_pictures(run_in(workspace), "supervisely", tmp_path / "source", name="p")

    assert "4 pictures cannot be imported" in str(caught.value)
    assert "ds/img/alone.png: has no annotation" in str(caught.value)
    assert str(caught.value).count("shares ds/ann/twin.json with another picture") == 2
    assert "ds/ann/orphan.png.json: an annotation without its picture" in str(caught.value)


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_workspace_that_is_a_file_is_refused(
    tmp_path: Path, query: Path, capfd: pytest.CaptureFixture[str], place: str
):
    """With its path, and exit code 2."""
    (tmp_path / "file").write_text("text")
    write(tmp_path / "pictures", "a.png", png(PICTURE))

    code = command_line(["-w", str(tmp_path / place), "import", "images", str(tmp_path / "pictures"), "--name", "p"])

    err = capfd.readouterr().err
    assert code == 2
    assert err.startswith("error: ")
    assert str(tmp_path / "file") in err
    assert (tmp_path / "file").read_text() == "text"


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda root: (root / "meta.json").write_bytes(b"{"), r"meta\.json: not valid JSON"),
        (lambda root: (root / "meta.json").write_bytes(b"[]"), r"project 'p': "),
        (lambda root: (root / "meta.json").unlink(), r"no project 'p'"),
    ],
)
def test_a_damaged_meta_is_named(workspace: Workspace, query: Path, damage: Callable[[Path], object], words: str):
    """Before any picture is read."""
    damage(Path(small_project(workspace, "p").files.root))
    run = run_in(workspace)

    with pytest.raises(KittisegError, match=words):
        transform(run, query)

    assert told(run).bars == []


def test_ray_names_every_bad_file_as_one_process_does(workspace: Workspace, query: Path, ray_engine: Engine):
    """The same error, whatever the engine."""
    project = small_project(workspace, "p", count=6, size=PICTURE)
    project.files.write("training/img/000001_10.png", BAD["half.png"][0])
    project.files.write("training/ann/000003_10.png.json", b"{")
    project.files.write("training/img/000005_10.png", b"")
    texts = []

    for engine in (None, ray_engine):
        with pytest.raises(DataError, match=r"3 of 6 pictures") as caught:
            transform(run_in(workspace, engine), query)
        texts.append(str(caught.value))

    assert texts[0] == texts[1]
    assert workspace.projects() == ["p"]


def test_polygons_that_are_hardly_one_do_no_harm(workspace: Workspace, tmp_path: Path, query: Path):
    """Of one place, of no area, with a hole as large as itself; each may go, none may stop the others."""
    odd: list[Polygon] = [
        polygon((5, 5), (5, 5), (5, 5)),
        polygon((5, 5), (20, 5), (9, 5)),
        polygon((5, 5), (20, 5), (20, 20), holes=([(5, 5), (20, 5), (20, 20)],)),
        polygon((-50, -50), (-40, -50), (-40, -40)),
    ]
    figures = [("house", shape) for shape in odd] + [("house", polygon((6, 6), (16, 6), (16, 16), (6, 16)))]
    car_too = [("car", bitmap_of("##", top=10, left=10))]
    write_project(workspace, "p", {"ds/a.png": annotation_of([*figures, *car_too], size=PICTURE)}, meta=META)

    transform(run_in(workspace), query)

    project = workspace.project("made")
    kept = project.annotation(project.keys()[0]).figures
    assert [figure.shape.area for figure in kept][-2:] == [100, 2]
