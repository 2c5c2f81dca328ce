"""Mail of the demo: kept in a folder, and shown on a page that exists in demo mode only."""

import email
import email.policy
import threading
import uuid
from collections.abc import Sequence
from email.message import EmailMessage as Parsed
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

SHOWN = 50
_lock = threading.Lock()


class Folder(BaseEmailBackend):
    """Writes each message as an .eml file, oldest name first."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Keep the messages; how many."""
        folder: Path = settings.DEMO_MAIL_FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            with _lock:
                number = sum(1 for _ in folder.glob("*.eml")) + 1
                name = f"{number:05d}-{uuid.uuid4().hex[:8]}"
                partial = folder / f"{name}.partial"
                partial.write_bytes(message.message().as_bytes())
                partial.rename(folder / f"{name}.eml")
        return len(email_messages)


def mail_list(request: HttpRequest) -> HttpResponse:
    """The newest letters first."""
    names = sorted(settings.DEMO_MAIL_FOLDER.glob("*.eml"), reverse=True)[:SHOWN]
    letters = [(path.stem, _parsed(path)) for path in names]
    return render(request, "portal/demo_mail_list.html", {"letters": letters})


def mail_letter(request: HttpRequest, name: str) -> HttpResponse:
    """One letter, as plain text."""
    path = settings.DEMO_MAIL_FOLDER / f"{name}.eml"
    if not path.is_file():
        raise Http404
    message = _parsed(path)
    body = message.get_body(("plain",))
    return render(
        request, "portal/demo_mail_letter.html", {"letter": message, "text": body.get_content() if body else ""}
    )


def _parsed(path: Path) -> Parsed:
    parsed = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    if not isinstance(parsed, Parsed):
        raise Http404
    return parsed
