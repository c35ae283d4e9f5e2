"""GitHub: classic tokens by the header of any answer; installations of an app, and fine-grained tokens, by recorded answers."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from linter.boxes import EVERYTHING, Names
from linter.manifest.model import Resource
from linter.systems.http import Call, Session, usable
from linter.systems.keys.adapter import Keys
from linter.systems.keys.claims import past
from linter.systems.keys.provider import About, Answers, Held, Holding, Provider, body_of, held, scope_list
from linter.systems.keys.vocabulary import Atom, Vocabulary
from linter.systems.live import Binding, Unverified
from linter.systems.secret import Secret

_OF_A_REPOSITORY = frozenset(
    {
        "repositories",
        "public repositories",
        "repository hooks",
        "commit statuses",
        "deployments",
        "repository invitations",
    }
    | {"security events", "workflow files"}
)
_OTHER = frozenset(
    "members team_discussions profile followers starring email_addresses gpg_keys git_ssh_keys plan".split()
)
"""Permissions of an app that are no repository's, beside those that begin with organization_ or enterprise_."""
_ADMINISTERS = (
    "administration", "hooks", "secrets", "members", "roles", "environments", "personal_access_token", "user_blocking",
    "self_hosted_runners", "custom_properties", "variables", "copilot_seat_management",
)  # fmt: skip
"""Parts of the names of permissions whose writing changes who may do what, or what runs."""


_OF_AN_INSTALLATION = (
    "GET /app/installations/*", "POST /app/installations/*", "GET /orgs/*/installation", "GET /repos/*/installation",
    "GET /users/*/installation", "GET /orgs/*/personal-access-tokens*",
)  # fmt: skip
"""Requests of an app whose recorded answers have `permissions`."""
_REPOSITORIES = "GET /installation/repositories"
_CLASSIC = ("ghp_", "gho_")
_WITHOUT_SCOPES = {
    "github_pat_": "a fine-grained token",
    "ghs_": "an installation's token of a GitHub App",
    "ghu_": "a user's token of a GitHub App",
}
"""Prefixes of tokens that have permissions instead of scopes ("GitHub's token formats"): the header of such a token is absent, or
empty, and says nothing of them."""
_OLD = re.compile(r"[0-9a-f]{40}")
"""A classic token from before 2021."""
_HOW = (
    "the token's entry of GET /orgs/ORG/personal-access-tokens, recorded by a GitHub App of the organization, would tell of a "
    "fine-grained one, "
    "GET /app/installations/ID of an app's"
)


class GitHub(Provider):
    """https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps"""

    kind = "github"
    title = "GitHub"
    about = About(
        right="the agent's own token; GET /user needs no scope. For an installation of a GitHub App, an answer that whoever holds "
        "the app's private key recorded (permlint signs no JSON Web Token): GET /app/installations/ID, and all pages of GET "
        "/installation/repositories, given by --live-from",
        knows="the scopes of a classic token; an installation's permissions and repositories from such answers",
        cannot="what a fine-grained or an installation's token may do (they cannot be asked about themselves), and which "
        "repositories a classic one reaches",
    )
    calls = (Call("GET", "/user"),)
    host = "api.github.com"
    keep_headers = ("x-oauth-scopes",)
    keep_body = ("login", "permissions", "repository_selection", "repositories", "app_slug", "suspended_at")
    verify: ClassVar[Mapping[str, str]] = {
        "repositories": "a classic token reaches every repository of its user, an installation those that were selected; "
        "a recorded answer that lists an installation's `repositories` would verify it"
    }

    def ask(self, session: Session, secret: Secret | None, binding: Binding) -> dict[str, Any]:
        """Beside the answer, of which form the token is."""
        text = secret.reveal() if secret is not None else ""
        form = next((one for one in (*_CLASSIC, *_WITHOUT_SCOPES) if text.startswith(one)), "")
        form = _CLASSIC[0] if _OLD.fullmatch(text) else form
        if form in _WITHOUT_SCOPES:
            raise Unverified(_mute(form, "the variable holds"))
        return super().ask(session, secret, binding) | {"token": form}

    def recorded(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The answers, and of which form the token was."""
        form = data.get("token", "")
        if not isinstance(form, str):
            raise ValueError("its `token` is no form of a token")
        return super().recorded(data) | {"token": form}

    def holding(self, data: Mapping[str, Any], vocabulary: Vocabulary) -> Holding:
        """The header's scopes, or an installation's permissions."""
        given = Answers(data)
        response = given.take("GET /user", *_OF_AN_INSTALLATION)
        if response is None:
            raise Unverified("no answer to GET /user, or to what tells of an installation, was recorded")
        body = _one(usable(response, self.title))
        if data.get("token") in _WITHOUT_SCOPES and not isinstance(body.get("permissions"), dict):
            raise Unverified(_mute(data["token"], "what was recorded is of"))
        if isinstance(body.get("permissions"), dict):
            return _installation(body, self._listed(given))
        names = (str(body["login"]),) if body.get("login") else ()
        if "x-oauth-scopes" not in response.headers:
            raise Unverified(
                "GitHub names no scopes of the key: it is a fine-grained token or an app's, which cannot be asked about "
                f"itself; {_HOW}"
            )
        scopes = held(scope_list(response.headers["x-oauth-scopes"], ","), vocabulary)
        unasked = ""
        if not scopes and data.get("token") not in _CLASSIC:
            unasked = (
                "GitHub answers with an empty list of scopes, as it does for an app's token, which has permissions instead; "
                "nothing says that the key is a classic one (ghp_..., gho_...), which then could read only what is public"
            )
        public = frozenset({("repositories", "read"), ("public repositories", "read")})
        free = Held(
            "(public information)", frozenset(), public, "without a scope only what is public can be read", free=True
        )
        return Holding((*scopes, free), names, unasked=unasked)

    def _listed(self, given: Answers) -> list[Any] | None:
        """The repositories of an installation, of all pages that were recorded; None where they are not complete."""
        found: list[Any] = []
        total = None
        while (response := given.take(_REPOSITORIES)) is not None:
            body = body_of(response, self.title)
            if not isinstance(body.get("repositories"), list):
                raise Unverified("what was recorded of an installation's repositories lists none")
            found += body["repositories"]
            total = body.get("total_count", total)
        return found if total == len(found) else None

    def areas(
        self, resource: Resource, known: frozenset[str]
    ) -> tuple[frozenset[str] | None, Mapping[str, Names | str]]:
        """`github.OWNER/REPOSITORY`, or a scope of repositories."""
        ours = frozenset(one for one in known if one in _OF_A_REPOSITORY or _of_a_repository(one))
        name, box = ".".join(resource.object), dict(resource.scope.box)
        if isinstance(named := box.get("repositories"), Names):
            box["repositories"] = named._replace(names=frozenset(map(str.lower, named.names)))
        if "/" in name:
            name = name.lower()  # GitHub's names of owners and repositories are of any case
            bound: Names | str = name if name.endswith("*") else Names(frozenset({name}))
            return ours, {**box, "repositories": bound}
        areas, bounds = super().areas(resource, known)
        return (ours, box) if areas is None and "repositories" in box else (areas, bounds)

    def instead(self, held: Held, needed: frozenset[Atom], surplus: set[Atom]) -> str:
        """A permission of an installation can be lowered, and one that administers can be left out."""
        name, _, value = held.name.rpartition(":")
        if name not in _APP | _ORGANISATION:
            return ""
        if {kind for _, kind in needed} == {"read"}:
            return f"{name}:read: that would do"
        lower = "write" if value == "admin" else "none"
        return f"{name}:{lower}: that would do" if ("admin" in {kind for _, kind in surplus}) else ""


def _mute(form: str, whose: str) -> str:
    return f"{whose} {_WITHOUT_SCOPES[form]} ({form}...), which cannot be asked what it may do: {_HOW}"


def _of_a_repository(name: str) -> bool:
    """Whether an app's permission of this name is one on repositories: no organisation's, no user's, and no classic area."""
    return " " not in name and name in _APP and name not in _OTHER


_APP = frozenset(
    "actions actions_variables administration attestations checks codespaces codespaces_lifecycle_admin codespaces_metadata "
    "codespaces_secrets contents custom_properties dependabot_secrets deployments discussions environments issues merge_queues "
    "metadata packages pages pull_requests repository_advisories repository_custom_properties repository_hooks "
    "repository_projects secret_scanning_alerts secrets security_events single_file statuses vulnerability_alerts workflows".split()
)
"""The permissions on repositories that an installation can have."""
_ORGANISATION = frozenset(
    "members organization_administration organization_announcement_banners organization_copilot_seat_management "
    "organization_custom_org_roles organization_custom_properties organization_custom_roles organization_events "
    "organization_hooks organization_packages organization_personal_access_tokens "
    "organization_personal_access_token_requests organization_plan organization_projects organization_secrets "
    "organization_self_hosted_runners organization_user_blocking team_discussions".split()
)


def _one(body: Any) -> Mapping[str, Any]:
    """The one token of an organization's list of fine-grained ones, and any other answer as it is."""
    if isinstance(body, list) and len(body) != 1:
        raise Unverified(f"what was recorded lists {len(body)} tokens: keep the agent's alone")
    found = body[0] if isinstance(body, list) else body
    if not isinstance(found, dict):
        raise Unverified("GitHub answers with something that is not what it documents")
    if found.get("token_expired") is True or past(found.get("token_expires_at")):
        raise Unverified("the token is expired, by what GitHub says of it", rejected=True)
    return found


def _installation(body: Mapping[str, Any], listed: list[Any] | None) -> Holding:
    if body.get("suspended_at"):
        raise Unverified("the installation of the GitHub App is suspended", rejected=True)
    given = body["permissions"]
    flat = [
        (str(name), str(value))
        for key, inner in given.items()
        for name, value in (inner.items() if isinstance(inner, dict) else [(key, inner)])
    ]
    scopes = []
    for name, value in dict.fromkeys(flat):
        atoms = _atoms(name, value)
        known = name in _APP | _ORGANISATION | _OTHER and bool(atoms)
        free = name == "metadata" and value == "read"  # every installation has it
        scopes.append(Held(f"{name}:{value}", frozenset() if free else atoms, atoms, "", known, free))
    reach: dict[str, Names] = {}
    if body.get("repository_selection") == "all":
        reach["repositories"] = EVERYTHING
    elif isinstance(repositories := listed if listed is not None else body.get("repositories"), list):
        names_of = [one.get("full_name") for one in repositories if isinstance(one, dict)]
        reach["repositories"] = Names(frozenset(name.lower() for name in names_of if isinstance(name, str)))
    elif body.get("repository_selection") == "none":
        reach["repositories"] = Names(frozenset())
    names = (str(body["app_slug"]),) if body.get("app_slug") else ()
    return Holding(tuple(scopes), names, reach)


def _atoms(name: str, value: object) -> frozenset[Atom]:
    classes = {
        "read": ("read",),
        "write": ("read", "create", "update", "delete"),
        "admin": ("read", "create", "update", "delete", "admin"),
    }.get(str(value), ())
    if value == "write" and any(part in name for part in _ADMINISTERS):
        classes += ("admin",)
    return frozenset((name, kind) for kind in classes)


ADAPTER = Keys(GitHub())
