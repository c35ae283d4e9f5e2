"""What a token says of its rights beside its scopes: claims that a resource server may obey, and no scope tells of."""

import re
import time
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from linter.systems.live import Unverified

SCOPES = ("scope", "scp", "roles", "permissions")
"""Claims whose values are compared with what is declared."""
_RIGHTS = frozenset(
    (*SCOPES, "groups", "entitlements", "authorities", "authorization_details", "realm_access", "resource_access", "wids",
     "scopes", "role", "permission", "privileges", "rights", "admin", "isadmin", "superuser")
)  # fmt: skip
"""RFC 9068, section 2.2.3.1; RFC 9396, sections 9.1 and 9.2; those of Keycloak, Spring and Entra ID, and what others call them."""
_MOST_SECONDS = 10**11
"""The year 5138: what is later is in milliseconds."""
_SKEW = 60.0
"""Seconds by which two clocks may differ (RFC 7519, section 4.1.5)."""


def untold(claims: Mapping[str, Any], compared: Collection[str]) -> tuple[str, ...]:
    """The claims that may give rights and are not compared, by their paths.

    Neither a namespace such as `https://acme.example/`, another claim around it, its case, nor a word before it hides one.
    """
    found: dict[str, None] = {}
    waiting: list[tuple[str, Any]] = [(name, claims[name]) for name in claims if name not in compared]
    while waiting:
        path, value = waiting.pop()
        name = re.split(r"[/:.]", path)[-1].lower()
        if not value:
            continue
        if name in _RIGHTS or re.split(r"[_-]", name)[-1] in _RIGHTS:
            found[path] = None
        elif isinstance(value, dict):
            waiting += [(f"{path}.{inner}", one) for inner, one in value.items()]
        elif isinstance(value, list):
            waiting += [(path, one) for one in value if isinstance(one, dict | list)]
    return tuple(sorted(found))


def past(given: Any) -> bool:
    """Whether a moment that a provider names, as a number of seconds or as ISO 8601, is surely over."""
    try:
        moment = datetime.fromisoformat(given) if isinstance(given, str) else None
    except ValueError:
        return False
    if moment is not None:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() < time.time()
    return type(given) in (int, float) and abs(given) <= _MOST_SECONDS and given < time.time()


def alive(claims: Mapping[str, Any]) -> None:
    """Whether a token that says from when and until when it is good is good now (RFC 7519, sections 4.1.4 and 4.1.5).

    Raises:
        Unverified: it is not, or says it in no number of seconds.
    """
    for name in ("nbf", "exp"):
        if name not in claims:
            continue
        given = claims[name]
        if type(given) not in (int, float) or not abs(given) <= _MOST_SECONDS:
            raise Unverified(
                f"the token's `{name}` is no number of seconds since 1970: nobody knows how a server reads it, and whether "
                "the token is good now"
            )
        if name == "exp" and past(given):
            raise Unverified("the token is expired", rejected=True)
        if name == "nbf" and given > time.time() + _SKEW:
            raise Unverified("the token is not good yet: its `nbf` is in the future", rejected=True)


def doubt(names: Collection[str]) -> str:
    """Why scopes that look right prove nothing where there are such claims, a clause; empty where there are none."""
    shown = ", ".join(f"`{name[:60]}`" for name in names)
    return f"the token also claims {shown}, which may give rights that no scope tells of" if names else ""
