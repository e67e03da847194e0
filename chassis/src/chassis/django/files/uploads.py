"""Uploads: allowed types, stored names, and delivery.

A browser must never run an uploaded file. So only a few types are allowed, detected by their first
bytes and not by the sender's content type; SVG and HTML can carry scripts and are refused. A file
is stored under a generated name, and sent as an attachment.

Migrations import `stored_name` and `validate_upload`: do not move or rename them.
"""

import re
from base64 import b64decode
from pathlib import PurePath
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model
from django.http import FileResponse

type Upload = File[bytes]
"""An uploaded or stored file; generic only in the stubs, so this is never evaluated."""

MAX_BYTES = 5 * 1024 * 1024
MAX_NAME_LENGTH = 100
MAX_BASE64 = (MAX_BYTES + 2) // 3 * 4
"""Characters of the largest file in base64."""
TYPES = {
    "application/pdf": (b"%PDF-", (".pdf",)),
    "image/png": (b"\x89PNG\r\n\x1a\n", (".png",)),
    "image/jpeg": (b"\xff\xd8\xff", (".jpg", ".jpeg")),
}
ACCEPT = ",".join(ending for _, endings in TYPES.values() for ending in endings)
"""The value of a file field's `accept`."""

_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069<>:\"/\\|?*]+")


def validate_upload(upload: Upload) -> None:
    """Raise ValidationError for a file that is empty, too large, or not a PDF, PNG or JPEG file."""
    if not upload.size:
        raise ValidationError("This file is empty.", code="empty")
    if upload.size > MAX_BYTES:
        megabytes = MAX_BYTES // 1024 // 1024
        raise ValidationError(f"This file is larger than {megabytes} MB.", code="too-large")
    ending = PurePath(upload.name or "").suffix.lower()
    detected = media_type(upload)
    if detected is None or ending not in TYPES[detected][1]:
        raise ValidationError(
            "Attach a PDF, PNG or JPEG file whose name ends accordingly.", code="wrong-type"
        )


def decoded(name: str, content: str) -> Upload:
    """Return the file decoded from base64; raise ValidationError for invalid base64."""
    try:
        data = b64decode(content, validate=True)
    except ValueError:
        raise ValidationError({"attachment": "The content is not base64."}) from None
    return SimpleUploadedFile(shown_name(name), data)


def media_type(upload: Upload) -> str | None:
    """Return the media type by the first bytes; None for a type that is not allowed."""
    upload.seek(0)
    start = upload.read(16)
    upload.seek(0)
    return next((name for name, (magic, _) in TYPES.items() if start.startswith(magic)), None)


def shown_name(name: str) -> str:
    """Return the name without folders and control characters, at most 100 characters long."""
    last = re.split(r"[/\\]", name)[-1]
    path = PurePath(_NOT_IN_NAMES.sub("_", last).strip(". ") or "file")
    return f"{path.stem[: MAX_NAME_LENGTH - len(path.suffix)]}{path.suffix}"


def stored_name(instance: Model, filename: str) -> str:
    """Return a random name to store under (`upload_to`), with the extension of the sent name."""
    ending = PurePath(filename).suffix.lower()
    known = {each for _, endings in TYPES.values() for each in endings}
    return f"{instance._meta.label_lower}/{uuid4().hex}{ending if ending in known else ''}"


def deliver(stored: Upload, *, name: str) -> FileResponse:
    """Return a response that downloads the stored file as `name`."""
    response = FileResponse(
        stored.open("rb"),
        as_attachment=True,
        filename=shown_name(name),
        content_type=media_type(stored) or "application/octet-stream",
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response
