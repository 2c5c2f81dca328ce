"""Tokens of a controller's own systems: issued once, kept as a hash, revoked by name."""

from collections.abc import Iterable
from datetime import datetime

from dsr.law.work import Scope
from dsr.models import ApiToken
from dsr.steps import maps

NAME = 80  # characters


class NotIssued(ValueError):
    """Why there is no such token; for whoever asked for it."""


def issue(controller: str, name: str, *, at: datetime, scopes: Iterable[Scope] = tuple(Scope)) -> str:
    """The text of a new token, for these things alone; nobody can read it again. Raises NotIssued."""
    name = name.strip()
    if controller not in maps.controllers():
        raise NotIssued(f"there is no controller '{controller}'; there are {', '.join(maps.controllers())}")
    if not name or len(name) > NAME:
        raise NotIssued(f"a token needs a name of 1 to {NAME} characters, such as 'app server'")
    if ApiToken.objects.filter(controller=controller, name=name, revoked_at=None).exists():
        raise NotIssued(f"{controller} has a token named '{name}' already; revoke it or choose another name")
    text = ApiToken.new_text()
    allowed = " ".join(sorted(set(scopes)))
    if not allowed:
        raise NotIssued(f"a token is for something: {', '.join(Scope)}")
    ApiToken.objects.create(
        controller=controller, name=name, scopes=allowed, token_hash=ApiToken.hashed(text), created_at=at
    )
    return text


def revoke(controller: str, name: str, *, at: datetime) -> None:
    """From now on the token of this name opens nothing. Raises NotIssued when there is none."""
    standing = ApiToken.objects.filter(controller=controller, name=name.strip(), revoked_at=None)
    if not standing.update(revoked_at=at):
        raise NotIssued(f"{controller} has no token named '{name}' that could be revoked")
