"""The views that both sides serve."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse


@login_not_required
def hello(_request: HttpRequest) -> JsonResponse:
    """Answer every caller."""
    return JsonResponse({"message": "hello", "n": 1})


def thing(request: HttpRequest, number: int) -> JsonResponse:
    """Answer signed-in users."""
    name = request.user.get_username() if request.user.is_authenticated else "nobody"
    return JsonResponse({"message": f"hello {name}", "n": number})
