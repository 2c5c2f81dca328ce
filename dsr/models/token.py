"""Tokens with which a controller's own systems file requests through the API."""

import hashlib
import secrets

from django.db import models

from dsr.law.work import Scope


class ApiToken(models.Model):
    """A controller's token: it may file and read status, and proves no person."""

    controller = models.SlugField(max_length=64)
    name = models.CharField(max_length=80)
    scopes = models.CharField(max_length=200, help_text="What it may do, separated by spaces")
    token_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256; the token has 256 random bits")
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        """Its name."""
        return f"{self.controller}: {self.name}"

    def allows(self, scope: Scope) -> bool:
        """Whether it may do this."""
        return scope in self.scopes.split()

    @staticmethod
    def new_text() -> str:
        """A new token, shown once."""
        return f"dsr_{secrets.token_urlsafe(32)}"

    @staticmethod
    def hashed(text: str) -> str:
        """What is stored of a token."""
        return hashlib.sha256(text.encode()).hexdigest()
