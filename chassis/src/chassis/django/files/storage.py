"""Storage of uploads: on a disk, or in an S3-compatible bucket.

The bucket is private, and browsers are never redirected to it: a view checks who may have a file
and sends it (`chassis.django.files.uploads.deliver`).
"""

from typing import Any

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from chassis.environment import Environment
from chassis.settings import ServiceSettings

_FILES = "django.core.files.storage.FileSystemStorage"
_BUCKET = "chassis.django.files.s3.Bucket"


class MediaSettings(ServiceSettings):
    """The variables for the storage of uploads; production must set one."""

    media_dir: str = Field(
        "",
        description="The folder of uploads, on a volume that all servers and workers share. Unset "
        "in development: media/.",
    )
    media_endpoint: str = Field(
        "",
        description="https://… of an S3-compatible service that keeps uploads. Unset: Amazon's.",
    )
    media_region: str = Field("", description="The region of the bucket, where it has one.")
    media_access_key: str = Field(
        "", description="The key that may read and write the bucket. Unset: the key of the machine."
    )
    media_secret_key: SecretStr = Field(SecretStr(""), description="The secret of that key.")
    media_bucket: str = Field(
        "",
        description="The bucket of uploads, in place of MEDIA_DIR; it stays private. What several "
        "servers should use.",
    )

    @field_validator("media_endpoint")
    @classmethod
    def _is_an_endpoint(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("set it to the service's address: https://s3.example.com")
        return value

    @field_validator("media_secret_key")
    @classmethod
    def _belongs_to_a_key(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        if bool(value.get_secret_value()) != bool(info.data.get("media_access_key")):
            raise ValueError("set it together with MEDIA_ACCESS_KEY, or neither")
        return value

    @field_validator("media_bucket")
    @classmethod
    def _is_one_place(cls, value: str, info: ValidationInfo) -> str:
        folder = info.data.get("media_dir")
        if value and folder:
            raise ValueError("set it or MEDIA_DIR, not both")
        if info.data.get("media_endpoint") and not value:
            raise ValueError("set it: MEDIA_ENDPOINT has no effect without a bucket")
        environment = info.data.get("environment", Environment.PRODUCTION)
        if not (value or folder or environment.is_local):
            raise ValueError("set it, or MEDIA_DIR: an image has no place for uploads")
        return value


def storage(env: MediaSettings) -> dict[str, Any]:
    """Return the entry of Django's `STORAGES` for uploads; a disk's folder is `MEDIA_ROOT`."""
    if not env.media_bucket:
        return {"BACKEND": _FILES}
    secret = env.media_secret_key.get_secret_value()
    return {
        "BACKEND": _BUCKET,
        "OPTIONS": {
            "bucket_name": env.media_bucket,
            "endpoint_url": env.media_endpoint or None,
            "region_name": env.media_region or None,
            "access_key": env.media_access_key or None,
            "secret_key": secret or None,
        },
    }
