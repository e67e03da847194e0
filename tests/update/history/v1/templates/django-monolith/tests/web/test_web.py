"""A test of the Django half."""


def test_web() -> None:
    """It is there."""
    assert True
