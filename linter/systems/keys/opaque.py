"""Keys that nobody can be asked about: told apart by their shape, offline. Not one request is made."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from linter.boxes import Names
from linter.manifest.model import Resource
from linter.systems.keys.adapter import Keys
from linter.systems.keys.provider import About, Held, Holding, Provider
from linter.systems.keys.vocabulary import EVERY, Vocabulary
from linter.systems.live import Binding, Unverified
from linter.systems.secret import Secret


class Shape(NamedTuple):
    """One kind of key."""

    prefix: str
    name: str
    unscoped: str
    """What such a key may do that no scope narrows, a clause; empty where a scope may."""
    creates: str = ""
    """The one thing that it is for, where it is for one."""


_EVERYTHING = "carries every right of its owner"
_ADMINISTERS = "administers its organization, and does not tell with which permissions"


class Opaque(Provider):
    """A provider that tells nothing of a key."""

    form = "shape"

    def __init__(self, kind: str, title: str, shapes: tuple[Shape, ...], source: str, otherwise: str = "") -> None:
        self.kind, self.title, self._shapes, self.source = kind, title, shapes, source
        self._otherwise = otherwise
        names = "; ".join(f"{one.prefix or 'any'}: {one.name}" for one in shapes)
        self.about = About(
            right="the agent's own key; nothing is sent anywhere",
            knows=f"the kind of key, by its shape ({names})",
            cannot="what a restricted key may do, and whether the key is alive",
        )

    def vocabulary(self, binding: Binding) -> Vocabulary:
        """None."""
        return Vocabulary({}, frozenset({EVERY}), "", ())

    def look(self, secret: Secret) -> dict[str, Any]:
        """The prefix alone."""
        for one in self._shapes:
            if secret.reveal().startswith(one.prefix):
                return {"shape": one.prefix or self.kind}
        raise Unverified(f"what the variable holds has not the shape of any key of {self.title} that permlint knows")

    def holding(self, data: Mapping[str, Any], vocabulary: Vocabulary) -> Holding:
        """What is known of a key of this shape."""
        found = next((one for one in self._shapes if (one.prefix or self.kind) == data["shape"]), None)
        if found is None:
            raise Unverified(f"`{str(data['shape'])[:20]}` is no shape of a key of {self.title} that permlint knows")
        if found.unscoped:
            return Holding((), unscoped=f"{found.name} {found.unscoped}")
        why = f"{found.name} cannot be asked what it may do"
        if found.creates:
            atoms = frozenset({(EVERY, "create")})
            return Holding((Held(found.creates, atoms, atoms, why),), unasked=f"{why}: the place is fixed and unseen")
        return Holding((Held(found.name, frozenset(), frozenset(), why, known=False),), unasked=why)

    def areas(
        self, resource: Resource, known: frozenset[str]
    ) -> tuple[frozenset[str] | None, Mapping[str, Names | str]]:
        """Nothing is known of its parts."""
        return None, resource.scope.box


STRIPE = Keys(
    Opaque(
        "stripe",
        "Stripe",
        (
            Shape("sk_live_", "a Stripe secret key", _EVERYTHING),
            Shape("sk_test_", "a Stripe secret key of test mode", _EVERYTHING),
            Shape("rk_live_", "a restricted Stripe key", ""),
            Shape("rk_test_", "a restricted Stripe key of test mode", ""),
            Shape("pk_", "a publishable Stripe key", "", "publishable key"),
        ),
        "https://docs.stripe.com/keys",
    )
)
OPENAI = Keys(
    Opaque(
        "openai",
        "OpenAI",
        (Shape("sk-admin-", "an OpenAI admin key", _ADMINISTERS), Shape("sk-", "an OpenAI key", "")),
        "https://developers.openai.com/api/docs/guides/api-keys",
    )
)
ANTHROPIC = Keys(
    Opaque(
        "anthropic",
        "Anthropic",
        (Shape("sk-ant-admin", "an Anthropic admin key", _ADMINISTERS), Shape("sk-ant-", "an Anthropic key", "")),
        "https://platform.claude.com/docs/en/manage-claude/admin-api",
    )
)
NOTION = Keys(
    Opaque(
        "notion",
        "Notion",
        (Shape("ntn_", "a Notion integration's token", ""), Shape("secret_", "a Notion integration's token", "")),
        "https://developers.notion.com/docs/authorization",
    )
)
SLACK_WEBHOOK = Keys(
    Opaque(
        "slack_webhook",
        "Slack's webhook",
        (Shape("https://hooks.slack.com/services/", "an incoming webhook", "", "incoming webhook"),),
        "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks",
    )
)
ZENDESK_TOKEN = Keys(
    Opaque(
        "zendesk_token",
        "Zendesk",
        (Shape("", "a Zendesk API token, which has no scopes,", _EVERYTHING),),
        "https://support.zendesk.com/hc/en-us/articles/4408889192858",
    )
)
