"""How a service knows us: bearer, basic, a key in a header or parameter, OAuth2, a signature or token for each call."""

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlencode

from dsr.connectors.contract import Rejected
from dsr.connectors.http import minting
from dsr.connectors.http.reading import Given, choice, closed_address, word
from dsr.egress.client import Egress, json_of

AUTH = ("bearer", "basic", "header", "query", "oauth2", "hmac", "jwt")
NEEDS: Mapping[str, tuple[str, ...]] = {
    "bearer": ("token",),
    "basic": ("user", "password"),
    "header": ("key_name", "token"),
    "query": ("key_name", "token"),
    "oauth2": ("token_url", "client_id", "client_secret"),
    "hmac": ("secret", "sign_header", "sign_text"),
    "jwt": minting.NEEDED,
}
OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "bearer": (),
    "basic": (),
    "header": (),
    "query": (),
    "oauth2": ("scope", "client_auth"),
    "hmac": ("sign_as", "sign_hash", "date_header", "sign_prefix"),
    "jwt": minting.OPTIONAL,
}
_EARLY = 30.0  # seconds before its end in which a token is not used any more
_SHORTEST = 60.0
_UNSAID = 300.0  # a token that does not say how long it lives
_OK = 200
_SIGNED = re.compile(r"\{(method|target|date|body)\}")


@dataclass(frozen=True, slots=True)
class Call:
    """What a call consists of, as it goes out."""

    method: str
    target: str  # path and parameters
    body: bytes


class Knows(Protocol):
    """One way of being known."""

    def headers(self, call: Call) -> dict[str, str]:
        """What is added to a call. Raises Rejected, Refused, NoAnswer."""

    def renew(self) -> bool:
        """Forget what the service does not take any more; whether there is something new to try."""


@dataclass(frozen=True, slots=True)
class Auth:
    """The kind and its settings."""

    kind: str
    values: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, kind: str, given: Given) -> "Auth":
        """Read and check. Raises SettingError."""
        names = (*NEEDS[kind], *OPTIONAL[kind])
        for name in ("token", "key_name", "sign_header", "date_header"):
            if name in names and name in given:
                given.read(name, word, "")
        if kind == "basic" and ":" in given.text("user"):
            raise given.error("user", "setting 'user' must hold no colon (RFC 7617)")
        if kind == "oauth2":
            given.read("client_auth", choice("basic", "body"), "basic")
            closed_address(given, "token_url")
        if kind == "hmac":
            given.read("sign_as", choice("hex", "base64"), "hex")
            given.read("sign_hash", choice("sha256", "sha512", "sha1"), "sha256")
            given.read("sign_text", _signed_text, "")
        if kind == "jwt":
            minting.read(given)
            names += tuple(name for name in given.values if name.startswith(minting.CLAIM))
        return cls(kind, {name: given.text(name) for name in names if name in given})

    @property
    def origins(self) -> tuple[str, ...]:
        """Where else it speaks to."""
        return (self.values["token_url"],) if self.kind == "oauth2" else ()

    @property
    def params(self) -> list[tuple[str, str]]:
        """The parameter that holds the key, if one does."""
        return [(self.values["key_name"], self.values["token"])] if self.kind == "query" else []

    def made(self, egress: Egress, place: str) -> Knows:
        """Ready for calls. Raises ValueError: the key cannot be used."""
        if self.kind == "jwt":
            return minting.Minted(self.values, place, time.time)
        if self.kind == "oauth2":
            return OAuth2(self.values, egress, place)
        return Signature(self.values) if self.kind == "hmac" else Fixed(self._fixed())

    def _fixed(self) -> dict[str, str]:
        values = self.values
        if self.kind == "header":
            return {values["key_name"]: values["token"]}
        if self.kind == "basic":
            return {"Authorization": _basic(values["user"], values["password"])}
        return {"Authorization": f"Bearer {values['token']}"} if self.kind == "bearer" else {}


class Fixed:
    """The same headers with each call."""

    def __init__(self, headers: dict[str, str]) -> None:
        self._headers = headers

    def headers(self, _: Call) -> dict[str, str]:
        """These."""
        return self._headers

    def renew(self) -> bool:
        """There is nothing new."""
        return False


class Signature:
    """HMAC (RFC 2104) over what `sign_text` names."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def headers(self, call: Call) -> dict[str, str]:
        """The signature, and the moment it was made at."""
        values = self._values
        date = str(int(time.time()))  # a signature that names no moment could be used for ever
        told = {
            "method": call.method.encode(),
            "target": call.target.encode(),
            "date": date.encode(),
            "body": call.body,
        }
        pieces = _SIGNED.split(values["sign_text"])
        text = b"".join(told[piece] if n % 2 else piece.encode() for n, piece in enumerate(pieces))
        mac = hmac.new(values["secret"].encode(), text, getattr(hashlib, values.get("sign_hash", "sha256"))).digest()
        signed = base64.b64encode(mac).decode() if values.get("sign_as") == "base64" else mac.hex()
        headers = {values["sign_header"]: values.get("sign_prefix", "") + signed}
        return headers | ({values["date_header"]: date} if "date_header" in values else {})

    def renew(self) -> bool:
        """There is nothing new."""
        return False


class OAuth2:
    """Client credentials (RFC 6749, 4.4): a token is fetched when the first call needs it, and again at its end."""

    def __init__(self, values: Mapping[str, str], egress: Egress, place: str) -> None:
        self._values = values
        self._egress = egress
        self._place = place
        self._token = ""
        self._ends = 0.0

    def headers(self, _: Call) -> dict[str, str]:
        """The token that counts now."""
        if not self._token or time.monotonic() >= self._ends:
            self._fetch()
        return {"Authorization": f"Bearer {self._token}"}

    def renew(self) -> bool:
        """Forget the token; the service may have taken it back before its end."""
        self._token = ""
        return True

    def _fetch(self) -> None:
        values = self._values
        form = {"grant_type": "client_credentials"} | ({"scope": values["scope"]} if "scope" in values else {})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if values.get("client_auth") == "body":
            form |= {"client_id": values["client_id"], "client_secret": values["client_secret"]}
        else:
            headers["Authorization"] = _basic(values["client_id"], values["client_secret"])
        answer = self._egress.send("POST", values["token_url"], headers=headers, content=urlencode(form).encode())
        try:
            body = json_of(answer)
        except ValueError:
            body = None
        found = body if isinstance(body, dict) and answer.status == _OK else {}
        token, lives = found.get("access_token"), found.get("expires_in", _UNSAID)
        if not isinstance(token, str) or str(found.get("token_type")).lower() != "bearer":
            raise Rejected(f"{self._place}: the service gives us no token")
        try:
            self._token, lives = word(token), float(lives)
        except (ValueError, TypeError):
            raise Rejected(f"{self._place}: the service's token cannot be used") from None
        self._ends = time.monotonic() + max(lives - _EARLY, min(lives, _SHORTEST) / 2)


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _signed_text(text: str) -> str:
    if set(_SIGNED.sub("", text)) & set("{}") or not _SIGNED.search(text):
        raise ValueError("may hold {method}, {target}, {date} and {body}")
    return text
