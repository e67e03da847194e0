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
    """A private bucket. When it cannot be reached the caller is told so (503), and no thread of the
    server waits for long; a file that is not there is a FileNotFoundError, as on a disk."""

    def __init__(self, **options: Any) -> None:
        """Take the options of `chassis.django.files.storage.storage`."""
        # where there is an endpoint of one's own, a bucket seldom has a host name of its own
        style = "path" if options.get("endpoint_url") else "auto"
        client = Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            retries={"total_max_attempts": _ATTEMPTS, "mode": "standard"},
            s3={"addressing_style": style},
            signature_version="s3v4",
        )
        # should the bucket ever be opened, a browser still shows nothing that lies in it
        harmless = {"ContentDisposition": "attachment", "CacheControl": "private, no-store"}
        super().__init__(
            **options,
            client_config=client,
            object_parameters=harmless,
            default_acl=None,
            file_overwrite=False,
        )

    def _open(self, name: str, mode: str = "rb") -> Any:
        with _within_reach():
            opened = super()._open(name, mode)
            if "r" in mode:
                # now, and not when somebody reads: here the failure can still be told
                opened.file  # noqa: B018 - fetches it
            return opened

    def _save(self, name: str, content: Any) -> str:
        with _within_reach():
            return str(super()._save(name, content))

    def exists(self, name: str) -> bool:
        """Tell whether there is such a file."""
        with _within_reach():
            return bool(super().exists(name))

    def delete(self, name: str) -> None:
        """Remove a file, if there is one."""
        with _within_reach():
            super().delete(name)


@contextmanager
def _within_reach() -> Iterator[None]:
    """Raise the problem 503 for a bucket that does not answer; a refusal is a mistake of ours and
    stays a crash, to be logged and mended."""
    try:
        yield
    except (ConnectionError, HTTPClientError) as error:
        raise UNAVAILABLE from error
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise
        raise UNAVAILABLE from error
