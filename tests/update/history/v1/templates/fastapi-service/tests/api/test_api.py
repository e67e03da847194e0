"""A test of the FastAPI half."""


def test_api() -> None:
    """It is there."""
    assert True
