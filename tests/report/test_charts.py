from kittiseg.report.charts import class_chart, iou_chart


def test_class_chart_leaves_out_classes_without_objects():
    """What is drawn has a share, a number of pictures and of objects."""
    rows = [
        {"name": "car", "images": 2, "objects": 7, "area_percent": 12.345},
        {"name": "trailer", "images": 0, "objects": 0, "area_percent": 0.0},
    ]

    chart = class_chart(rows, {"car": (0, 0, 142)})

    assert "12.35 %" in chart or "12.34 %" in chart
    assert "trailer" not in chart


def test_iou_chart_tells_the_values_in_words():
    """Its label is for those who cannot see it; a class that occurs nowhere has no value."""
    chart = iou_chart({"car": 0.5, "bus": None}, {"car": [0.4, 0.6]}, {})

    assert "car 0.500" in chart
    assert "bus nan" not in chart.split(">", 1)[1]
