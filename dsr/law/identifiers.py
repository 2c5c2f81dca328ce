"""What a person types to say who they are, checked. Matching is exact: nothing is folded or guessed."""

import re
from collections.abc import Callable
from unicodedata import normalize

from dsr.law.mistake import Mistake

_MOST_EMAIL = 254  # RFC 5321: what fits into a mail's envelope
_MOST_LOCAL = 64
_MOST_OTHER = 200

# Printable for Python, yet nothing to see: fillers, joiners and variation selectors.
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]")
# Would need quoting in a mail header, where it could name a second addressee.
_NEEDS_QUOTES = re.compile(r'[\s"(),:;<>\[\]\\]')
_SAME_HOUSE = {"googlemail.com": "gmail.com"}  # one mailbox under two domains
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")


def clean(kind: str, value: str) -> str:
    """The identifier as it is kept and searched for. ValueError says in plain words what to mend."""
    try:
        rule = _RULES[kind]
    except KeyError:
        raise Mistake("We do not know this kind of identifier.") from None
    value = value.strip()
    if not value:
        raise Mistake("Enter a value.")
    if not value.isprintable():
        raise Mistake("This contains characters that cannot be seen. Type it instead of pasting it.")
    return rule(value)


def one_mailbox(one: str, other: str) -> bool:
    """Whether two cleaned e-mail addresses may be read by the same person: in capitals, with a +tag, with other dots.

    Never to match by, for they may as well be two people's. It says where a second code proves nothing more.
    """
    return _plain(one) == _plain(other)


def _plain(email: str) -> tuple[str, str]:
    local, _, domain = email.lower().rpartition("@")
    return local.partition("+")[0].replace(".", ""), _SAME_HOUSE.get(domain, domain)


def _email(value: str) -> str:
    if len(value.encode()) > _MOST_EMAIL:
        raise Mistake("This is too long for an e-mail address. The most is {most} characters.", most=_MOST_EMAIL)
    if value.count("@") != 1 or normalize("NFKC", value).count("@") != 1:
        raise Mistake("Enter an e-mail address in the form name@example.com.")
    local, domain = value.split("@")
    return f"{_local(local)}@{_domain(domain)}"


def _local(local: str) -> str:
    if not local or len(local.encode()) > _MOST_LOCAL or _NEEDS_QUOTES.search(local):
        raise Mistake("Enter an e-mail address in the form name@example.com.")
    if _INVISIBLE.search(local) or normalize("NFKC", local) != local:
        raise Mistake("The part before the @ contains a letter that looks like another one. Type it again.")
    if not local.isascii() or "=?" in local:
        # What a mail header would have to encode arrives at another mailbox, unless every server on the way
        # speaks SMTPUTF8 (RFC 6531); '=?' is where an encoded word begins (RFC 2047).
        raise Mistake("We cannot write to an address with such letters before the @. Use another address.")
    return local


def _domain(domain: str) -> str:
    lowered = domain.lower()
    looks_like_another = Mistake("The part after the @ contains a letter that looks like another one. Type it again.")
    # Before lowering, which alone turns the Kelvin sign into a k. The one letter that grows when lowered
    # is the Turkish capital I with a dot, which looks like an i then.
    if _INVISIBLE.search(domain) or normalize("NFKC", domain) != domain or len(lowered) != len(domain):
        raise looks_like_another
    try:
        wire = lowered.encode("idna")
    except UnicodeError:
        raise Mistake("The part after the @ is not a domain, such as example.com.") from None
    if not lowered.isascii() and wire.decode("idna") != lowered:
        raise looks_like_another
    labels = wire.decode("ascii").split(".")
    if len(labels) == 1 or labels[-1].isdecimal() or not all(_LABEL.fullmatch(label) for label in labels):
        raise Mistake("The part after the @ is not a domain, such as example.com.")
    return lowered


def _other(value: str) -> str:
    if len(value) > _MOST_OTHER:
        raise Mistake("This is too long. The most is {most} characters.", most=_MOST_OTHER)
    return value


_RULES: dict[str, Callable[[str], str]] = {
    "email": _email,
    "account": _other,
    "social": _other,
    "device": _other,
    "phone": _other,
}
