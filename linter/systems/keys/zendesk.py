"""Zendesk: an OAuth access token, which can be asked about itself. (API tokens have no scopes: `zendesk_token`.)"""

from collections.abc import Mapping
from typing import Any

from linter.systems.http import Call, Origin
from linter.systems.keys.adapter import Keys
from linter.systems.keys.claims import past
from linter.systems.keys.provider import About, Holding, Provider, answer, body_of, held, scope_list
from linter.systems.keys.settings import label
from linter.systems.keys.vocabulary import Vocabulary
from linter.systems.live import Binding, Unverified


class Zendesk(Provider):
    """https://developer.zendesk.com/api-reference/ticketing/oauth/oauth_tokens/"""

    kind = "zendesk"
    title = "Zendesk"
    about = About(
        right="the agent's own OAuth token",
        knows="the token's scopes",
        cannot="what the role of its user takes away, and any bound on single tickets",
    )
    calls = (Call("GET", "/api/v2/oauth/tokens/current.json"),)
    keep_body = ("token.scopes", "token.expires_at", "token.user_id")

    def origin(self, binding: Binding) -> Origin:
        """The account's own host."""
        return Origin(f"{label(binding, 'subdomain')}.zendesk.com")

    def holding(self, data: Mapping[str, Any], vocabulary: Vocabulary) -> Holding:
        """`token.scopes`."""
        token = body_of(answer(data, *map(str, self.calls)), self.title).get("token")
        if not isinstance(token, dict) or not isinstance(token.get("scopes"), list):
            raise Unverified("Zendesk's answer names no scopes")
        if past(token.get("expires_at")):
            raise Unverified("the token is expired, by what Zendesk says of it", rejected=True)
        names = (str(token["user_id"]),) if token.get("user_id") else ()
        return Holding(held(scope_list(token["scopes"]), vocabulary), names)


ADAPTER = Keys(Zendesk())
