"""Files that people send: what is taken, under which name it lies, and how it is given back.

A browser must never run what somebody uploaded. So only a few types are taken, known by their first
bytes and not by what the sender says; SVG and HTML, which carry scripts, are not among them. A file
lies under a name we made, and goes out as an attachment that no browser interprets.

Models name `stored_name` and `validate_upload`, and so do migrations: both stay where they are.
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
"""A file that was sent or stored; generic in the stubs alone, so never evaluated."""

MOST_BYTES = 5 * 1024 * 1024
LONGEST_NAME = 100
MOST_BASE64 = (MOST_BYTES + 2) // 3 * 4
"""Characters of the largest file as an API is sent it."""
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
    if upload.size > MOST_BYTES:
        most = MOST_BYTES // 1024 // 1024
        raise ValidationError(f"This file is larger than {most} MB.", code="too-large")
    ending = PurePath(upload.name or "").suffix.lower()
    found = media_type(upload)
    if found is None or ending not in TYPES[found][1]:
        raise ValidationError(
            "Attach a PDF, PNG or JPEG file whose name ends accordingly.", code="wrong-type"
        )


def decoded(name: str, content: str) -> Upload:
    """Make the file that an API was sent as base64; raises ValidationError for anything else."""
    try:
        found = b64decode(content, validate=True)
    except ValueError:
        raise ValidationError({"attachment": "The content is not base64."}) from None
    return SimpleUploadedFile(shown_name(name), found)


def media_type(upload: Upload) -> str | None:
    """Tell the type by the first bytes; None for any that is not taken."""
    upload.seek(0)
    start = upload.read(16)
    upload.seek(0)
    return next((name for name, (magic, _) in TYPES.items() if start.startswith(magic)), None)


def shown_name(name: str) -> str:
    """Give a name without folders and control characters, at most 100 characters long."""
    last = re.split(r"[/\\]", name)[-1]
    path = PurePath(_NOT_IN_NAMES.sub("_", last).strip(". ") or "file")
    return f"{path.stem[: LONGEST_NAME - len(path.suffix)]}{path.suffix}"


def stored_name(instance: Model, filename: str) -> str:
    """Make the name to store under (`upload_to`): of the sender's name only the ending is kept."""
    ending = PurePath(filename).suffix.lower()
    known = {each for _, endings in TYPES.values() for each in endings}
    return f"{instance._meta.label_lower}/{uuid4().hex}{ending if ending in known else ''}"


def deliver(stored: Upload, *, name: str) -> FileResponse:
    """Answer with a stored file, to be saved under `name` and never shown in the page."""
    response = FileResponse(
        stored.open("rb"),
        as_attachment=True,
        filename=shown_name(name),
        content_type=media_type(stored) or "application/octet-stream",
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response
