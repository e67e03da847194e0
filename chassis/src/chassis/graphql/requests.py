"""A GraphQL request, and the result if it names nothing that can run."""

from typing import Annotated, Any

from graphql import GraphQLError
from pydantic import BaseModel, Field
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult

UNRUNNABLE = (CannotGetOperationTypeError, InvalidOperationTypeError)
"""What Strawberry raises, instead of answering, before it runs anything."""
_LONGEST = 20_000  # characters
_NO_OPERATION = "Send an operation; `operationName` is the name of one that is sent."


class GraphQLRequest(BaseModel):
    """A request as defined by https://http-spec.graphql.org, section 5."""

    query: Annotated[str, Field(min_length=1, max_length=_LONGEST)]
    variables: dict[str, Any] | None = None
    operation_name: Annotated[str | None, Field(alias="operationName", max_length=200)] = None

    def arguments(self) -> dict[str, Any]:
        """Return the request as arguments of a schema's `execute` and `execute_sync`."""
        return {
            "query": self.query,
            "variable_values": self.variables,
            "operation_name": self.operation_name,
        }


def refusal(error: Exception) -> ExecutionResult:
    """Return the result of a query that cannot run, from one of `UNRUNNABLE`."""
    detail = _NO_OPERATION
    if isinstance(error, InvalidOperationTypeError):
        detail = error.as_http_error_reason("POST")
    return ExecutionResult(data=None, errors=[GraphQLError(detail)])
