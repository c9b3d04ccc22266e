from kittiseg.dtl.examples import STREET
from kittiseg.report.toy_street import street, street_meta


def test_the_street_has_an_object_of_every_class():
    """Of the shape that the class has."""
    shapes = {figure.class_name: figure.shape.kind for figure in street().annotation.figures}

    assert shapes == STREET == street_meta().shapes


def test_the_same_number_is_the_same_street():
    """And another number is another one."""
    assert (street(1).image.pixels() == street(1).image.pixels()).all()
    assert (street(1).image.pixels() != street(2).image.pixels()).any()
    assert len(street(1).annotation.figures) < len(street(2).annotation.figures)
