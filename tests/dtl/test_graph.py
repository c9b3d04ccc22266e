"""Queries are checked as a whole, and every problem is told at once."""

from pathlib import Path
from typing import Any

import pytest

from kittiseg.dtl import compile_graph, read_query
from kittiseg.errors import ConfigError
from kittiseg.project.meta import ObjectClass, ProjectMeta
from tests.data.programs import DATA, META, layer, program, query
from tests.data.projects import meta_of

CONFIGS = Path(__file__).resolve().parents[2] / "configs"


def _problems(document: list[Any], **more: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        compile_graph(document, {"source": META}, seed=0, source="query.json", **more)
    return [str(problem) for problem in caught.value.problems]


def test_the_tutorials_query_compiles() -> None:
    """One class of the colour of 'bus', which is the first key; two tags; one project."""
    names = ("car", "train", "truck", "caravan", "trailer", "bus", "sky")
    meta = ProjectMeta(tuple(ObjectClass(name, "bitmap", f"#00000{i}") for i, name in enumerate(names)))
    document = read_query(CONFIGS / "kitti_vehicles" / "transform.json")

    made = compile_graph(document, {"kitti-semseg-train": meta}, seed=0, source="transform.json")

    assert made.output == "kitti-veh-tr"
    assert made.sources == {"kitti-semseg-train": None}
    assert [(entry.name, entry.color) for entry in made.meta.classes] == [("vehicle", "#000005")]
    assert [tag.name for tag in made.meta.tags] == ["train", "val"]


def test_every_problem_at_once() -> None:
    """Each with its JSON pointer, in the order of the query."""
    document = [
        layer("data", "source/*", "$a", {"classes_mapping": {"cr": "x", "__other__": "__ignore__"}}),
        {"action": "flipp", "src": ["$a"], "dst": "$b"},
        layer("multiply", "$b", "$c", {"multiply": 0, "multipli": 3}),
        layer("if", "$c", ["$d"], {"condition": {"probability": 0.5}}),
        layer("crop", "$cc", "e", {"sides": {"left": "3"}}),
        {"action": "dummy", "src": ["$d"], "dst": ["$f", "$g"], "setings": {}},
        layer("supervisely", "$f", "out"),
        layer("supervisely", "$f", "out2"),
    ]

    assert _problems(document) == [
        "/0/settings/classes_mapping/cr: no class 'cr' comes to this layer; did you mean 'car'?",
        "/1/settings: is required and missing",
        "/1/action: 'flipp' is not a layer; did you mean 'flip'?",
        "/2/settings/multiply: input should be greater than or equal to 1, not 0",
        "/2/settings/multipli: unknown key 'multipli'; did you mean 'multiply'?",
        '/3/dst: \'if\' writes two names, ["$yes", "$no"], not 1',
        "/4/dst: 'e' must begin with '$' or be 'null': write '$e'",
        '/4/settings/sides: left is \'3\': write lengths as "20px" or "5%"',
        "/4/src/0: no layer writes '$cc'; did you mean '$c'?",
        "/5/settings: is required and missing",
        "/5/setings: unknown key 'setings'; did you mean 'settings'?",
        "/5/dst: 'dummy' writes one name, not 2",
        "/7/action: a second save layer (the first is /6): a query writes one project",
    ]


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ([], ": no data layer"),
        ([layer(*DATA)], ": no save layer"),
        ([5, *query(DATA, save="$in")], "/0: input should be an object, not 5"),
        ([{**layer(*DATA), "dst": 5}], "/0/dst: input should be a valid string"),
        ([{**layer(*DATA), "action": 5}], "/0/action: input should be a valid string"),
        (query(DATA, ("dummy", [], "$x"), save="$in"), "/1/src: "),
        (query(DATA, save="null"), "/1/src/0: nothing can be read from 'null'"),
        (query(DATA, save="in"), "/1/src/0: 'in' must begin with '$': write '$in'"),
        (
            query(DATA, ("dummy", "$in", ["$x"]), save="$in"),
            """/1/dst: 'dummy' writes one name, not a list: write "$x" without brackets""",
        ),
        ([layer(*DATA), layer("supervisely", "$in", ["out"])], "/1/dst: 'supervisely' writes one name, not a list"),
        (query(DATA, ("dummy", "$in", ["$x", "$y"]), save="$in"), "/1/dst: 'dummy' writes one name, not 2"),
        (
            query(("data", "source", "$in", {"classes_mapping": "default"}), save="$in"),
            "/0/src/0: 'source' is no place",
        ),
        (query(("data", "*/*", "$in", {"classes_mapping": "default"}), save="$in"), "/0/src/0: '*/*' is no place"),
        (
            query(("data", ["source/a", "b/a"], "$in", {"classes_mapping": "default"}), save="$in"),
            "/0/src: one data layer reads one project, not 2 (b, source)",
        ),
        (query(("data", "sourc/*", "$in", {"classes_mapping": "default"}), save="$in"), "/0/src/0: no project 'sourc'"),
        ([layer(*DATA), layer("supervisely", "$in", "$out")], "/1/dst: '$out' cannot be the name of a project"),
        ([layer(*DATA), layer("supervisely", "$in", "a/b")], "/1/dst: 'a/b' cannot be the name of a project"),
    ],
)
def test_single_problems(document: list[Any], problem: str) -> None:
    assert any(found.removeprefix("/:").startswith(problem.removeprefix(":")) for found in _problems(document))


def test_names_of_projects_and_data_sets() -> None:
    """The nearest right word comes from the catalog; data sets are checked only with it."""
    wrong = [
        layer("data", "surce/*", "$in", {"classes_mapping": "default"}),
        layer("data", ["source/train", "source/training"], "$in", {"classes_mapping": "default"}),
        layer("supervisely", "$in", "out"),
    ]

    assert _problems(wrong, catalog={"source": ["training", "testing"], "other": []}) == [
        "/0/src/0: no project 'surce'; did you mean 'source'?",
        "/1/src/0: project 'source' has no data set 'train'; did you mean 'training'?",
    ]
    assert len(_problems(wrong)) == 1


def test_loops_are_told_with_their_layers() -> None:
    """One problem a loop; layers outside of it are still checked."""
    document = [
        layer("data", "source/*", "$in", {"classes_mapping": {"cra": "x", "__other__": "__ignore__"}}),
        layer("dummy", ["$in", "$b"], "$a"),
        layer("flip", "$a", "$b", {"axis": "vertical"}),
        layer("dummy", "$c", "$c"),
        layer("supervisely", "$b", "out"),
    ]

    problems = _problems(document)

    assert len(problems) == 3
    assert problems[0].startswith("/0/settings/classes_mapping/cra")
    assert problems[1] == "/1/src: a loop: pictures would go round for ever through /1 (dummy), /2 (flip)"
    assert problems[2].startswith("/3/src: a loop")


def test_streams_that_meet_must_agree_on_shapes() -> None:
    document = [
        layer("data", "a/*", "$x", {"classes_mapping": "default"}),
        layer("data", "b/*", "$x", {"classes_mapping": "default"}),
        layer("supervisely", "$x", "out"),
    ]

    metas = {"a": meta_of({"car": "bitmap"}), "b": meta_of({"car": "line"})}

    with pytest.raises(ConfigError, match=r"/2/src: class 'car' is a bitmap in one place and a line in another"):
        compile_graph(document, metas, seed=0, source="query.json")


def test_layers_may_stand_in_any_order() -> None:
    """The classes flow along the names, not along the list."""
    document = [
        layer("supervisely", "$y", "out"),
        layer("tag", "$x", "$y", {"tag": "train", "action": "add"}),
        layer("data", "source/*", "$x", {"classes_mapping": {"car": "vehicle", "__other__": "__ignore__"}}),
    ]

    made = compile_graph(document, {"source": META}, seed=0, source="query.json")

    assert list(made.meta.shapes) == ["vehicle"]
    assert [tag.name for tag in made.meta.tags] == ["day", "train"]


def test_a_tag_stays_declared_while_one_path_keeps_it() -> None:
    delete = ("tag", "$in", "$x", {"tag": "day", "action": "delete"})

    assert [tag.name for tag in program(delete, save="$x").meta.tags] == []
    assert [tag.name for tag in program(delete, save=["$x", "$in"]).meta.tags] == ["day"]


def test_free_settings_may_hold_anything() -> None:
    """Those of dummy and supervisely, which nobody reads."""
    document = query(DATA, ("dummy", "$in", "$x", {"note": "joins"}), save="$x")
    document[-1]["settings"] = {"made by": "hand"}

    assert compile_graph(document, {"source": META}, seed=0, source="query.json").output == "out"
