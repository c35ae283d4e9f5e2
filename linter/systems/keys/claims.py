"""What a token says of its rights beside its scopes: claims that a resource server may obey, and no scope tells of."""

import re
from collections.abc import Collection, Mapping
from typing import Any

SCOPES = ("scope", "scp", "roles", "permissions")
"""Claims whose values are compared with what is declared."""
_RIGHTS = frozenset(
    (*SCOPES, "groups", "entitlements", "authorities", "authorization_details", "realm_access", "resource_access", "wids")
)  # fmt: skip
"""RFC 9068, section 2.2.3.1; RFC 9396, sections 9.1 and 9.2; and those of Keycloak, Spring and Entra ID."""


def untold(claims: Mapping[str, Any], compared: Collection[str]) -> tuple[str, ...]:
    """The claims that may give rights and are not compared; a namespace such as `https://acme.example/` does not hide one."""
    last = {name: re.split(r"[/:.]", name)[-1] for name in claims if claims[name] and name not in compared}
    return tuple(sorted(name for name, word in last.items() if word in _RIGHTS))


def doubt(names: Collection[str]) -> str:
    """Why scopes that look right prove nothing where there are such claims, a clause; empty where there are none."""
    shown = ", ".join(f"`{name[:60]}`" for name in names)
    return f"the token also claims {shown}, which may give rights that no scope tells of" if names else ""
