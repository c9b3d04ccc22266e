from kittiseg.report.reliability import reliability_chart
from tests.data.histories import CALIBRATION


def test_the_diagram_tells_the_errors_in_words():
    """Its label is for those who cannot see it; bins without a pixel are not drawn."""
    chart = reliability_chart(CALIBRATION)

    assert 'aria-label="Reliability, before: ECE 0.1000, NLL 0.5000, after: ECE 0.0100, NLL 0.2500"' in chart
    assert "nan" not in chart
