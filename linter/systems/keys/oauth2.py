"""Any OAuth 2.0 server with token introspection (RFC 7662). What its scopes mean, configuration says, or nobody."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus, urlencode

from linter.systems.http import Call, Response, Session
from linter.systems.keys.adapter import Keys
from linter.systems.keys.claims import doubt, past, untold
from linter.systems.keys.provider import About, Holding, Provider, answer, body_of, held, scope_list
from linter.systems.keys.settings import path, secret_of
from linter.systems.keys.vocabulary import Vocabulary, of_settings
from linter.systems.live import Binding, Unverified
from linter.systems.secret import Secret

_DEFAULT = "/oauth2/introspect"


class OAuth2(Provider):
    """https://www.rfc-editor.org/rfc/rfc7662"""

    kind = "oauth2"
    title = "the OAuth server"
    about = About(
        right="a client that may introspect: client_id and client_secret_env",
        knows="whether the token is active, and its scopes where the server tells them (they are optional)",
        cannot="what a scope means, unless the binding's `scopes` says; scopes can be named in `actions`",
    )
    calls = (Call("POST", _DEFAULT),)
    keep_body = ("active", "scope", "client_id", "username", "sub", "exp")

    def vocabulary(self, binding: Binding) -> Vocabulary:
        """What the binding says."""
        return of_settings(binding.settings.get("scopes") or {})

    def allowed(self, binding: Binding) -> tuple[Call, ...]:
        """One call, to the configured path."""
        return (Call("POST", path(binding, "path", _DEFAULT)),)

    def headers(self, secret: Secret | None, binding: Binding) -> dict[str, str]:
        """The client's Basic authentication; both parts are form-encoded first (RFC 6749, section 2.3.1)."""
        client = secret_of(binding, "client_secret_env")
        user = str(binding.settings.get("client_id") or "")
        if not user:
            raise Unverified(f"systems.{binding.system} names no client_id")
        pair = f"{quote_plus(user)}:{quote_plus(client.reveal())}"
        return {
            "Authorization": f"Basic {b64encode(pair.encode()).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
        }

    def ask(self, session: Session, secret: Secret | None, binding: Binding) -> dict[str, Any]:
        """The token goes into the form, never into the URL."""
        form = urlencode({"token": secret.reveal() if secret else "", "token_type_hint": "access_token"}).encode()
        (call,) = self.allowed(binding)
        return {"responses": [self.kept(session.ask(call, self.headers(secret, binding), form))]}

    def kept(self, response: Response) -> dict[str, Any]:
        """Of what else may give rights, that it is there."""
        found = super().kept(response)
        if isinstance(response.body, dict):
            found["body"] |= dict.fromkeys(untold(response.body, ("scope",)), True)
        return found

    def holding(self, data: Mapping[str, Any], vocabulary: Vocabulary) -> Holding:
        """`active` and `scope`."""
        body = body_of(answer(data, "POST *"), self.title)
        if body.get("active") is not True:
            raise Unverified("the token is not active: it is revoked, expired or unknown to the server", rejected=True)
        if past(body.get("exp")):
            raise Unverified("the token is expired: its `exp` is over, whatever the server calls active", rejected=True)
        if not isinstance(body.get("scope"), str):
            raise Unverified("the server says that the token is active, and not which scopes it has")
        names = tuple(str(body[key]) for key in ("username", "sub", "client_id") if body.get(key))
        return Holding(held(scope_list(body["scope"]), vocabulary), names, unasked=doubt(untold(body, ("scope",))))


ADAPTER = Keys(OAuth2())
