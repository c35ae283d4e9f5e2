"""Slack: a bot's or user's token. Its scopes come in a header; which conversations it is in is not among them."""

from collections.abc import Mapping
from typing import Any, ClassVar

from linter.boxes import Names
from linter.manifest.model import Resource
from linter.systems.http import Call
from linter.systems.keys.adapter import Keys
from linter.systems.keys.provider import About, Holding, Provider, answer, body_of, held, scope_list
from linter.systems.keys.vocabulary import Vocabulary
from linter.systems.live import Unverified
from linter.systems.places import Where

_IN_A_CHANNEL = frozenset(
    {"messages", "message names", "incoming webhook", "public channel messages", "private channel messages"}
)

_REFUSED = frozenset({"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"})
"""Errors of auth.test that mean the token itself; others are of the workspace, the network or the hour."""


class Slack(Provider):
    """https://docs.slack.dev/reference/methods/auth.test"""

    kind = "slack"
    title = "Slack"
    about = About(
        right="the agent's own token; auth.test needs no scope",
        knows="the token's scopes, its workspace and its user or bot",
        cannot="which channels it is in: chat:write posts wherever the bot is a member",
    )
    calls = (Call("GET", "/api/auth.test"),)
    host = "slack.com"
    keep_headers = ("x-oauth-scopes",)
    keep_body = ("ok", "error", "user", "user_id", "bot_id", "team_id")
    verify: ClassVar[Mapping[str, str]] = {
        "channels": "Slack's scopes name no channel, a bot posts wherever it is a member; the list of its conversations "
        "(users.conversations) or an incoming webhook, which is bound to one channel, would verify it"
    }

    def holding(self, data: Mapping[str, Any], vocabulary: Vocabulary) -> Holding:
        """The scopes of the header. An error comes with status 200 and `ok: false`."""
        response = answer(data, *map(str, self.calls))
        body = body_of(response, self.title)
        if body.get("ok") is not True:
            error = str(body.get("error", "no reason"))[:60]
            raise Unverified(f"Slack refuses the key: {error}", rejected=error in _REFUSED)
        if "x-oauth-scopes" not in response.headers:
            raise Unverified("Slack's answer has no header x-oauth-scopes: it does not say what the key can do")
        names = [str(body[key]) for key in ("user", "user_id", "bot_id") if body.get(key)]
        return Holding(held(scope_list(response.headers["x-oauth-scopes"], ","), vocabulary), tuple(names))

    def place(self, data: Mapping[str, Any]) -> Where:
        """The workspace."""
        try:
            body = answer(data, *map(str, self.calls)).body
        except Unverified:
            return {}
        team = body.get("team_id") if isinstance(body, dict) else None
        return {"workspace": team} if isinstance(team, str) and team else {}

    def areas(
        self, resource: Resource, known: frozenset[str]
    ) -> tuple[frozenset[str] | None, Mapping[str, Names | str]]:
        """`slack.#channel`, or a scope of channels: messages there, and nothing else."""
        name = ".".join(resource.object)
        box = resource.scope.box
        if name.startswith("#"):
            return _IN_A_CHANNEL, {**box, "channels": Names(frozenset({name}))}
        areas, bounds = super().areas(resource, known)
        return (_IN_A_CHANNEL, box) if areas is None and "channels" in box else (areas, bounds)


ADAPTER = Keys(Slack())
