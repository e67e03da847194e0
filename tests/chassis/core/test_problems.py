"""Problem details (RFC 9457)."""

import json

import pytest

from chassis import problems
from chassis.problems import Problem, ProblemError


def body(error: ProblemError) -> dict[str, object]:
    """Give the members of the body that a client would read."""
    decoded = json.loads(error.problem(instance="/orders/1", request_id="r" * 8).to_body())
    assert isinstance(decoded, dict)
    return decoded


def test_a_problem_of_ours_has_a_type_and_its_title() -> None:
    """The type is a relative reference into our catalog."""
    assert body(ProblemError(403, "permission-denied", "It needs orders:write.")) == {
        "type": "/problems/permission-denied",
        "title": "Permission denied",
        "status": 403,
        "detail": "It needs orders:write.",
        "instance": "/orders/1",
        "request_id": "rrrrrrrr",
    }


def test_a_problem_without_a_type_says_its_status() -> None:
    """``about:blank`` means what the status code means."""
    made = body(ProblemError(404, None))
    assert (made["type"], made["title"]) == ("about:blank", "Not Found")


def test_a_service_s_own_type_needs_no_catalogue() -> None:
    """A service names its own problems."""
    made = body(ProblemError(409, "already-approved"))
    assert (made["type"], made["title"]) == ("/problems/already-approved", "Conflict")


def test_extensions_become_members() -> None:
    """RFC 9457, section 3.2."""
    made = body(ProblemError(422, "validation", errors=[{"pointer": "/a"}], limit=3))
    assert made["errors"] == [{"pointer": "/a"}]
    assert made["limit"] == 3


def test_an_unknown_status_has_a_title() -> None:
    """Some servers invent status codes."""
    assert body(ProblemError(499, None))["title"] == "Status 499"


def test_a_crash_tells_nothing_about_its_cause() -> None:
    """The cause is in the log, under the request id."""
    try:
        raise ZeroDivisionError("hunter2")
    except ZeroDivisionError:
        made = body(problems.internal())
    assert made["status"] == 500
    assert "hunter2" not in json.dumps(made)


def test_headers_stay_out_of_the_body() -> None:
    """``Retry-After`` belongs to the response."""
    error = ProblemError(503, "busy", headers={"Retry-After": "2"})
    assert error.headers == {"Retry-After": "2"}
    assert "headers" not in body(error)


def test_the_model_documents_the_body() -> None:
    """The OpenAPI schema comes from the class that makes the body."""
    assert {"type", "title", "status"} <= set(Problem.model_json_schema()["properties"])


@pytest.mark.parametrize("slug", problems.TITLES)
def test_titles_are_sentences_without_a_stop(slug: str) -> None:
    """A title is the same for every occurrence of a type."""
    assert not problems.TITLES[slug].endswith(".")
