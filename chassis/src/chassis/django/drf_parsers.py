"""Bodies of Django REST framework; apart from its views, which import the parsers that settings
name."""

from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser as RestJSONParser


class JSONParser(RestJSONParser):
    """JSON that may be nested too deeply: 400, where the framework crashes."""

    def parse(self, *arguments: Any, **named: Any) -> Any:
        """Read a body. Raises ParseError."""
        try:
            return super().parse(*arguments, **named)
        except RecursionError:
            raise ParseError("The body is nested too deeply.") from None
