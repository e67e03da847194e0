"""Uploads in an S3-compatible bucket; imported where `MEDIA_BUCKET` is set."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004
from storages.backends.s3 import S3Storage

from chassis.problems import ProblemError

_CONNECT_SECONDS = 3
_READ_SECONDS = 10
_ATTEMPTS = 2
UNAVAILABLE = ProblemError(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "storage-unavailable",
    "Try again in a moment.",
    headers={"Retry-After": "5"},
)


class Bucket(S3Storage):  # type: ignore[misc]  # it has no types
    """A private bucket.

    Timeouts are short, and an unreachable bucket gives a problem (503). A missing file raises
    FileNotFoundError, as on a disk.
    """

    def __init__(self, **options: Any) -> None:
        """Take the options of `chassis.django.files.storage.storage`."""
        # services other than Amazon's seldom have a host name for each bucket
        style = "path" if options.get("endpoint_url") else "auto"
        client = Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            retries={"total_max_attempts": _ATTEMPTS, "mode": "standard"},
            s3={"addressing_style": style},
            signature_version="s3v4",
        )
        # even if the bucket becomes public, browsers do not display its files
        parameters = {"ContentDisposition": "attachment", "CacheControl": "private, no-store"}
        super().__init__(
            **options,
            client_config=client,
            object_parameters=parameters,
            default_acl=None,
            file_overwrite=False,
        )

    def _open(self, name: str, mode: str = "rb") -> Any:
        with _within_reach():
            opened = super()._open(name, mode)
            if "r" in mode:
                # fetch now, not on the first read: here the failure still becomes a problem
                opened.file  # noqa: B018 - fetches it
            return opened

    def _save(self, name: str, content: Any) -> str:
        with _within_reach():
            return str(super()._save(name, content))

    def exists(self, name: str) -> bool:
        """Return whether the file exists."""
        with _within_reach():
            return bool(super().exists(name))

    def delete(self, name: str) -> None:
        """Delete the file if it exists."""
        with _within_reach():
            super().delete(name)


@contextmanager
def _within_reach() -> Iterator[None]:
    """Raise the problem 503 if the bucket does not answer.

    A 4xx answer is a mistake in the configuration; it stays a crash, which is logged.
    """
    try:
        yield
    except (ConnectionError, HTTPClientError) as error:
        raise UNAVAILABLE from error
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise
        raise UNAVAILABLE from error
