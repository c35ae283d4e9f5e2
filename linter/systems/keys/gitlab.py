"""GitLab: a personal, group or project access token, which can be asked about itself."""

from collections.abc import Mapping
from typing import Any, ClassVar

from linter.boxes import Names
from linter.manifest.model import Resource
from linter.systems.http import Call, Origin
from linter.systems.keys.adapter import Keys
from linter.systems.keys.claims import past
from linter.systems.keys.provider import About, Holding, Provider, answer, body_of, held, scope_list
from linter.systems.keys.settings import https_origin
from linter.systems.keys.vocabulary import Vocabulary
from linter.systems.live import Binding, Unverified
from linter.systems.secret import Secret


class GitLab(Provider):
    """https://docs.gitlab.com/api/personal_access_tokens/"""

    kind = "gitlab"
    title = "GitLab"
    about = About(
        right="the agent's own token; the call needs no scope",
        knows="the token's scopes, whether it is revoked, and when it expires",
        cannot="which projects its user can reach, and what fine-grained (granular) scopes mean",
    )
    calls = (Call("GET", "/api/v4/personal_access_tokens/self"),)
    keep_body = ("scopes", "granular_scopes", "revoked", "active", "expires_at", "user_id", "name")
    verify: ClassVar[Mapping[str, str]] = {
        "projects": "a scope holds for every project that the token's user can reach; a project's own access token reaches one"
    }

    def origin(self, binding: Binding) -> Origin:
        """gitlab.com, or the exact origin of one's own."""
        return https_origin(binding, "origin") if "origin" in binding.settings else Origin("gitlab.com")

    def headers(self, secret: Secret | None, binding: Binding) -> dict[str, str]:
        """Its own header."""
        return {"PRIVATE-TOKEN": secret.reveal()} if secret is not None else {}

    def holding(self, data: Mapping[str, Any], vocabulary: Vocabulary) -> Holding:
        """The scopes, of a token that is alive."""
        body = body_of(answer(data, *map(str, self.calls)), self.title)
        alive = body.get("revoked") in (None, False) and body.get("active") in (None, True)
        if not alive or past(body.get("expires_at")):
            raise Unverified("the token is revoked or expired, by what GitLab says of it", rejected=True)
        if not isinstance(body.get("scopes"), list):
            raise Unverified("GitLab's answer names no scopes")
        if body.get("granular_scopes") or "granular" in body["scopes"]:
            raise Unverified("the token is fine-grained: permlint does not know what GitLab's granular scopes mean")
        names = tuple(str(body[key]) for key in ("name", "user_id") if body.get(key))
        return Holding(held(scope_list(body["scopes"]), vocabulary), names)

    def areas(
        self, resource: Resource, known: frozenset[str]
    ) -> tuple[frozenset[str] | None, Mapping[str, Names | str]]:
        """`gitlab.GROUP/PROJECT`: everything there."""
        name, box = ".".join(resource.object), resource.scope.box
        if "/" in name:
            bound: Names | str = name if name.endswith("*") else Names(frozenset({name}))
            return None, {**box, "projects": bound}
        return super().areas(resource, known)


ADAPTER = Keys(GitLab())
