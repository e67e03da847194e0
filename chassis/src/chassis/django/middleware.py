"""Middleware for every request, and deny by default."""

import os
import sys
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware as DjangoLoginRequired
from django.core.signals import got_request_exception
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from chassis import logs, telemetry
from chassis.django import errors, health
from chassis.django.people import mfa
from chassis.environment import Environment
from chassis.problems import ProblemError
from chassis.request_id import HEADER, TRACE_HEADER
from chassis.settings import ServiceSettings
from chassis.telemetry.requests import Recorder

_NO_SECOND_FACTOR = ProblemError(
    403, "second-factor-required", "Staff need a second factor: set one up at /accounts/2fa/."
)


_REQUEST_ID, _TRACE = (f"HTTP_{name.upper().replace('-', '_')}" for name in (HEADER, TRACE_HEADER))


class RequestMiddleware:
    """Identify a request, answer probes, log one line, and give errors their form.

    It stands first, so that it sees everything; synchronous only, as Django runs under WSGI.
    """

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Keep the rest of the chain, and begin to measure: this process serves.

        Raises SettingsError in a build, which may not.
        """
        # a build is one by the variable of a recipe or an image, never by .env
        if os.environ.get("ENVIRONMENT") == Environment.BUILD:
            Environment.BUILD.refuse_build()
        self.get_response = get_response
        environment: ServiceSettings | None = getattr(settings, "ENV", None)
        self._recorder = Recorder(environment.trusted_proxies if environment else ())
        if environment:
            telemetry.start(environment, settings.SERVICE)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer one request."""
        started = time.perf_counter()
        meta = request.META  # `request.headers` would be made for two of them
        recording = self._recorder.begin(
            meta.get("REMOTE_ADDR"), meta.get(_REQUEST_ID), meta.get(_TRACE)
        )
        meta["chassis.request_id"] = recording.context.request_id
        try:
            response = health.answer(request) or self._respond(request)
            response.headers[HEADER] = recording.context.request_id
            # Django would write a second line, with the path: one request is one line
            response._has_been_logged = True  # type: ignore[attr-defined]
            seconds = time.perf_counter() - started
            recording.finish(
                method=request.method or "",
                route=_route(request),
                status=response.status_code,
                seconds=seconds,
                first_byte_seconds=None if response.streaming else seconds,
                received=_size(meta.get("CONTENT_LENGTH")),
                sent=0 if response.streaming else len(response.content),  # type: ignore[attr-defined]
                outcome="complete",
                scheme=request.scheme or "http",
            )
        finally:
            recording.close()
            # the thread serves others after this
            logs.clear()
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer a problem that a view raised, and a lost database before a page about the crash
        asks it again; anything else is Django's to handle."""
        if errors.is_lost_database(error):
            return errors.respond(request, errors.UNAVAILABLE)
        return errors.respond(request, error) if isinstance(error, ProblemError) else None

    def _respond(self, request: HttpRequest) -> HttpResponseBase:
        return errors.present(request, self.get_response(request))


class LoginRequiredMiddleware(DjangoLoginRequired):
    """Deny by default: a view that is not marked `login_not_required` needs a signed-in person.

    A browser is redirected to the login page; a program gets a problem with status 401. Staff
    without a second factor can open only the pages where they enroll.
    """

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., Any], *arguments: Any
    ) -> HttpResponseBase | None:
        """Let the view run or answer in its place; this is where the session is first read."""
        try:
            refusal = super().process_view(request, view_func, *arguments)
            return refusal or self._ask_to_enrol(request, view_func)
        except DatabaseError as error:
            if not errors.is_lost_database(error):
                raise
            return errors.respond(request, errors.UNAVAILABLE)

    def handle_no_permission(  # type: ignore[override]  # a problem is no redirect
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponseBase:
        """Refuse a visitor who is not signed in."""
        if errors.wants_problem(request):
            return errors.respond(request, errors.UNAUTHENTICATED)
        return super().handle_no_permission(request, view_func)

    def _ask_to_enrol(
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponseBase | None:
        if not getattr(view_func, "login_required", True):
            return None
        if mfa.is_being_set_up(request) or not mfa.is_missing(request):
            return None
        if errors.wants_problem(request):
            return errors.respond(request, _NO_SECOND_FACTOR)
        messages.warning(request, "The back office asks for a second factor: set one up first.")
        return redirect("mfa_index")


def _route(request: HttpRequest) -> str:
    # the template and never the path, which may hold personal data
    match = request.resolver_match
    if match is not None:
        return f"/{match.route}"
    return request.path_info if request.path_info in health.PATHS else "unmatched"


def _size(content_length: str | None) -> int:
    return int(content_length) if content_length and content_length.isdecimal() else 0


def report_crash(**_: Any) -> None:
    """Report an unhandled exception of a view to the error tracker; Django logs it."""
    error = sys.exception()
    if error is not None and not errors.is_lost_database(error):
        telemetry.report(error)


got_request_exception.connect(report_crash)
