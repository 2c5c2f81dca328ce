"""Sessions in the database under a digest of their key: a copy of the database opens none (ASVS V7.2, V11.4)."""

from hashlib import sha256

from django.contrib.sessions.backends import db
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.exceptions import SuspiciousOperation
from django.utils import timezone

_LENGTH = 40  # characters of the column: 160 bits


class SessionStore(db.SessionStore):
    """Django's own, but that the cookie alone holds the key."""

    def exists(self, session_key: str) -> bool:
        """Whether such a key is taken."""
        return self.model.objects.filter(session_key=digest(session_key)).exists()

    def create_model_instance(self, data: dict[str, object]) -> AbstractBaseSession:
        """A row without the key."""
        row = super().create_model_instance(data)
        row.session_key = digest(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        """Forget it; without a key, this one."""
        key = session_key or self.session_key
        if key:
            self.model.objects.filter(session_key=digest(key)).delete()

    def _get_session_from_db(self) -> AbstractBaseSession | None:
        try:
            return self.model.objects.get(session_key=digest(self.session_key or ""), expire_date__gt=timezone.now())
        except (self.model.DoesNotExist, SuspiciousOperation):
            self._session_key = None
            return None


def digest(key: str) -> str:
    """What the database knows a session by. Keys are random and long: nobody finds one by trying."""
    return sha256(key.encode()).hexdigest()[:_LENGTH]
