"""The platform's app."""

NAME = "chassis.django"
MIDDLEWARE = (
    "RequestMiddleware",
    "LoginRequiredMiddleware",
)
