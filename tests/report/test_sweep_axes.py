import math

import pytest

from kittiseg.report.sections import Parameter, SweepSection, TrialFacts
from kittiseg.report.sweep_axes import Axis, metric_axis, parameter_axis


def axis_of(parameter: Parameter, *values: object) -> Axis:
    return parameter_axis(parameter, [TrialFacts(id=str(n), parameters={"p": v}) for n, v in enumerate(values)])


def section_of(*trials: TrialFacts, lowest: bool = True) -> SweepSection:
    return SweepSection(name="s", metric="loss", lowest=lowest, parameters=(), trials=trials)


def words(axis: Axis) -> list[str]:
    return [text for _, text in axis.ticks]


def test_a_logarithmic_axis_has_equal_steps_for_equal_factors():
    """0.001 lies in the middle of 0.0001 and 0.01; the axis is as long as what was searched."""
    axis = axis_of(Parameter(pointer="p", kind="log", ends=(1e-4, 1e-2)), 5e-4)

    assert axis.place(1e-3) == pytest.approx(0.5)
    assert (axis.place(1e-4), axis.place(1e-2)) == (0, 1)
    assert words(axis) == ["0.0001", "0.0002", "0.0005", "0.001", "0.002", "0.005", "0.01"]


def test_over_many_decades_only_powers_of_ten_are_written():
    """Of 1e-9 to 1, seven at most."""
    six, nine = (axis_of(Parameter(pointer="p", kind="log", ends=(low, 1.0)), 0.1) for low in (1e-6, 1e-9))

    assert words(six) == ["1e-6", "1e-5", "0.0001", "0.001", "0.01", "0.1", "1"]
    assert words(nine) == ["1e-9", "1e-7", "1e-5", "0.001", "0.1"]


def test_a_linear_axis_has_round_ticks_in_their_places():
    """Whole numbers where all values are whole."""
    axis = axis_of(Parameter(pointer="p", ends=(50, 100)), 60, 75)

    assert axis.ticks[0] == (0, "50")
    assert axis.ticks[-1] == (1, "100")
    assert all(axis.place(float(text)) == place for place, text in axis.ticks)


def test_options_have_equal_parts_in_the_order_of_their_numbers():
    """Also those that no trial took."""
    axis = axis_of(Parameter(pointer="p", kind="choice", options=(40, 20, 27, 90)), 27)

    assert axis.ticks == ((0.125, "20"), (0.375, "27"), (0.625, "40"), (0.875, "90"))
    assert axis.place(27) == 0.375


def test_any_json_value_can_be_an_option():
    """In the order of the choice; true is told from 1."""
    options = ({"name": "dice", "smooth": 0.5}, None, True, 1)
    axis = axis_of(Parameter(pointer="p", kind="choice", options=options), None)

    assert words(axis) == ["dice smooth 0.5", "none", "yes", "1"]
    assert axis.place({"smooth": 0.5, "name": "dice"}) == 0.125
    assert axis.place(True) == 0.625


def test_a_value_that_has_no_place_is_no_number():
    """A text among numbers, and a loss of zero on a logarithmic axis."""
    axis = axis_of(Parameter(pointer="p", kind="log", ends=(0.1, 1.0)), 0.5)

    assert math.isnan(axis.place("much"))
    assert math.isnan(axis.place(0.0))
    assert math.isnan(axis_of(Parameter(pointer="p", kind="choice", options=("a",)), "a").place("b"))


def test_one_value_lies_in_the_middle():
    """An axis without length."""
    assert axis_of(Parameter(pointer="p"), 3.0).place(3.0) == 0.5
    assert words(axis_of(Parameter(pointer="p"), 3.0)) == ["3"]


def test_losses_far_apart_make_a_logarithmic_axis():
    """One trial whose loss exploded does not press all others together."""
    trials = [TrialFacts(id=str(n), parameters={}, metric=loss) for n, loss in enumerate((0.1, 0.2, 1000.0))]

    assert metric_axis(section_of(*trials)).place(10.0) == pytest.approx(0.5)
    assert metric_axis(section_of(*trials[:2])).place(0.15) == pytest.approx(0.5)
    assert metric_axis(section_of(*trials, lowest=False)).kind == "linear"


def test_curves_have_an_axis_of_their_own():
    """The first validations, far from the best, are not among the trials' metrics."""
    better = TrialFacts(id="1", parameters={}, metric=0.7, curve=((1, 0.1), (2, 0.7)))
    worse = TrialFacts(id="2", parameters={}, metric=0.5, curve=((1, 0.2), (2, 0.5)))
    section = section_of(better, worse, lowest=False)

    assert metric_axis(section, curves=True).place(0.4) == pytest.approx(0.5)
    assert metric_axis(section).place(0.6) == pytest.approx(0.5)
