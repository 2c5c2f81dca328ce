"""Who calls: a controller's own system, known by its token. It proves no person."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from dsr.models import ApiToken
from dsr.steps import maps


class Caller:
    """The caller in the shape that the framework's permissions and throttles look for."""

    is_authenticated = True

    def __init__(self, token: ApiToken) -> None:
        self.pk = token.pk


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer dsr_…`. Cookies of the desk or the portal count for nothing here."""

    def authenticate(self, request: Request) -> tuple[Caller, ApiToken] | None:
        """The caller and their token; None without the header. Found by hash, so no comparison leaks time."""
        scheme, _, text = get_authorization_header(request).decode("latin-1").partition(" ")
        if not scheme:
            return None
        if scheme.lower() != "bearer":
            raise AuthenticationFailed("Send the token as 'Authorization: Bearer dsr_…'.")
        token = ApiToken.objects.filter(token_hash=ApiToken.hashed(text.strip()), revoked_at=None).first()
        if token is None or token.controller not in maps.controllers():
            raise AuthenticationFailed("This token is unknown or has been revoked.")
        return Caller(token), token

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for (RFC 6750)."""
        return 'Bearer realm="Rightful API"'


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call] # its registry has no types
    """How the OpenAPI document describes the token; known to its generator by being defined."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, Any]:
        """An HTTP bearer token."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": (
                "A controller's token, made with `manage.py make_token`. It names the controller and "
                "proves no person: nothing personal is handed out for it."
            ),
        }
