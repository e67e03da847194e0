"""Uploads on a disk and in a bucket, which a server on loopback keeps."""

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import boto3
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from django.db.models import FileField
from django.db.models.fields.files import FieldFile
from django.http import HttpRequest
from django.test import RequestFactory
from moto.server import ThreadedMotoServer
from pydantic import SecretStr
from pytest_django import Settings

from chassis.django import errors
from chassis.django.files import storage
from chassis.django.files.uploads import deliver
from chassis.environment import SettingsError
from chassis.problems import ProblemError
from chassis.service import Service

PDF = b"%PDF-1.7 a quote"
NAME = "things.thing/0f.pdf"
KEYS = {"media_access_key": "of-a-test", "media_secret_key": SecretStr("of-a-test")}


class Env(storage.MediaSettings):
    """A web half's settings."""

    half: ClassVar[Literal["web"]] = "web"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """An S3 with a bucket, on loopback."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id="of-a-test",
        aws_secret_access_key="of-a-test",
    )
    client.create_bucket(Bucket="uploads")
    yield address
    server.stop()


def stored_at(settings: Settings, **variables: Any) -> Storage:
    """The storage that these variables choose."""
    env = Env.model_construct(**variables)
    settings.STORAGES = settings.STORAGES | {"default": storage.storage(env)}
    return storages["default"]


@pytest.fixture(params=["disk", "bucket"])
def place(request: pytest.FixtureRequest, settings: Settings, tmp_path: Any) -> Storage:
    """Where uploads lie, in both ways."""
    if request.param == "disk":
        settings.MEDIA_ROOT = tmp_path
        return stored_at(settings)
    address = request.getfixturevalue("endpoint")
    chosen = {"media_bucket": "uploads", "media_endpoint": address, "media_region": "us-east-1"}
    return stored_at(settings, **chosen, **KEYS)


def test_what_is_stored_comes_back_as_a_download(place: Storage) -> None:
    """Wherever it lies, a view passes it on as an attachment that nothing interprets."""
    name = place.save(NAME, ContentFile(PDF))
    try:
        stored = FieldFile(None, FileField(storage=place), name)  # type: ignore[arg-type]
        response = deliver(stored, name="a quote.pdf")
        assert response.getvalue() == PDF
        assert response.headers["Content-Disposition"] == 'attachment; filename="a quote.pdf"'
        assert response.headers["Content-Type"] == "application/pdf"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "private, no-store"
    finally:
        place.delete(name)
    assert not place.exists(name)


def test_same_name_overwrites_nothing(place: Storage) -> None:
    """A second file of a name gets another one."""
    first, second = (place.save(NAME, ContentFile(PDF)) for _ in range(2))
    assert first != second
    for name in (first, second):
        place.delete(name)


def test_lost_file_is_missing(place: Storage) -> None:
    """A view answers 404 to a row whose file is gone, in both places alike."""
    with pytest.raises(FileNotFoundError):
        place.open("things.thing/lost.pdf")


def test_file_is_private_in_the_bucket(settings: Settings, endpoint: str) -> None:
    """What lies there would be saved by a browser, not shown, whoever opens the bucket."""
    chosen = {"media_bucket": "uploads", "media_endpoint": endpoint, "media_region": "us-east-1"}
    place: Any = stored_at(settings, **chosen, **KEYS)
    name = place.save(NAME, ContentFile(PDF))
    found = place.bucket.Object(name)
    assert (found.content_disposition, found.cache_control) == ("attachment", "private, no-store")
    place.delete(name)


def test_bucket_that_does_not_answer_is_503(settings: Settings) -> None:
    """Whoever sends or fetches a file then is told to come again."""
    chosen = {"media_bucket": "uploads", "media_endpoint": "http://127.0.0.1:9"}
    place = stored_at(settings, **chosen, **KEYS)
    request: HttpRequest = RequestFactory().get("/api/things/1")
    for use in (lambda: place.open(NAME), lambda: place.save(NAME, ContentFile(PDF))):
        with pytest.raises(ProblemError) as refusal:
            use()
        response = errors.respond(request, refusal.value)
        assert (response.status_code, response.headers["Retry-After"]) == (503, "5")


def test_bucket_that_is_not_there_is_a_crash(settings: Settings, endpoint: str) -> None:
    """A wrong name is a mistake to fix; waiting does not help."""
    chosen = {"media_bucket": "nowhere", "media_endpoint": endpoint, "media_region": "us-east-1"}
    place = stored_at(settings, **chosen, **KEYS)
    with pytest.raises(Exception, match="NoSuchBucket"):
        place.save(NAME, ContentFile(PDF))


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"ENVIRONMENT": "production"}, "MEDIA_BUCKET: set it, or MEDIA_DIR"),
        ({"MEDIA_BUCKET": "b", "MEDIA_DIR": "/srv/media"}, "MEDIA_BUCKET: set it or MEDIA_DIR"),
        ({"MEDIA_ENDPOINT": "https://s3.example.com"}, "MEDIA_BUCKET: set it: MEDIA_ENDPOINT"),
        ({"MEDIA_ENDPOINT": "s3.example.com"}, "MEDIA_ENDPOINT: set it to the service's address"),
        ({"MEDIA_ACCESS_KEY": "k"}, "MEDIA_SECRET_KEY: set it together with MEDIA_ACCESS_KEY"),
    ],
)
def test_mistakes_are_one_sentence(
    roadbed_service: Service,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    sentence: str,
) -> None:
    """Whoever deploys reads which variable is wrong and what to do."""
    base = {"ENVIRONMENT": "test", "DATABASE_URL": "postgresql://web@db.example/web"}
    for name, value in (base | variables).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refusal:
        Env.load(roadbed_service)
    assert sentence in str(refusal.value)
