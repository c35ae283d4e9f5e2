"""JSON Web Tokens, read offline (RFC 7519, 8693 and 9068): what a token claims. Its signature is not verified, and that is said."""

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any

from linter.systems.http import hidden
from linter.systems.keys.adapter import Keys
from linter.systems.keys.claims import SCOPES, alive, doubt, untold
from linter.systems.keys.provider import About, Holding, Provider, held, scope_list
from linter.systems.keys.vocabulary import Vocabulary, of_settings
from linter.systems.live import Binding, Unverified
from linter.systems.secret import Secret, hide
from linter.systems.strict import Twice, loads

_MOST = 1 << 16
"""Characters of a token: more is none that a header could carry."""


class Jwt(Provider):
    """https://www.rfc-editor.org/rfc/rfc9068"""

    kind = "jwt"
    title = "the token"
    form = "claims"
    about = About(
        right="the agent's own token; nothing is sent anywhere",
        knows="the claims scope, scp, roles and permissions, and when the token expires",
        cannot="whether the token is genuine or revoked, what other claims (groups, entitlements, ...) give, and what a scope "
        "means unless the binding's `scopes` says",
    )

    def vocabulary(self, binding: Binding) -> Vocabulary:
        """What the binding says."""
        return of_settings(binding.settings.get("scopes") or {})

    def look(self, secret: Secret) -> dict[str, Any]:
        """The claims that are read, of a signed token's second part."""
        parts = secret.reveal().split(".")
        try:
            if len(parts) != 3 or len(secret.reveal()) > _MOST:
                raise ValueError
            claims = loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        except Twice as problem:
            raise Unverified(f"the token's claims: it {hide(str(problem))}") from None
        except (ValueError, RecursionError):
            claims = None
        if not isinstance(claims, dict):
            raise Unverified("what the variable holds is no JSON Web Token (an encrypted one cannot be read)")
        texts = {name: claims[name] for name in (*SCOPES, "nbf", "exp") if name in claims}
        return {"claims": hidden(texts | dict.fromkeys(untold(claims, SCOPES), True))}

    def holding(self, data: Mapping[str, Any], vocabulary: Vocabulary) -> Holding:
        """Every claim that names what the token is good for."""
        claims = data["claims"]
        alive(claims)
        if not any(name in claims for name in SCOPES):
            raise Unverified(f"the token claims none of {', '.join(SCOPES)}: it does not say what it is good for")
        names = [name for claim in SCOPES if claim in claims for name in scope_list(claims[claim])]
        notes = ["what its token claims was read, and its signature was not verified"]
        if "exp" not in claims:
            notes.append("its token does not say when it expires")
        return Holding(
            held(dict.fromkeys(names), vocabulary), unasked=doubt(untold(claims, SCOPES)), notes=tuple(notes)
        )


ADAPTER = Keys(Jwt())
