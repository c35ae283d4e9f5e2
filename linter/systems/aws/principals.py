"""Who asks: a user, a role, a session of a role, or the account's root; and what each is called in a resource's policy."""

import re
from enum import Enum
from typing import NamedTuple

_ARN = re.compile(r"arn:(aws[a-z-]*):(iam|sts)::([0-9]{12}):(.+)")
ACCESS_KEY = re.compile(r"(AKIA|ASIA)[A-Z0-9]{12,124}")
"""Key ids: AKIA is a long-term key of a user, ASIA a session's (IAM User Guide, "Unique identifiers")."""


class Kind(Enum):
    """Kinds of principals."""

    USER = "user"
    ROLE = "role"
    SESSION = "session"
    ROOT = "root"


class Principal(NamedTuple):
    """One identity."""

    arn: str
    kind: Kind
    partition: str
    account: str
    name: str
    """Without its path; a session's is its role's."""

    @property
    def session(self) -> bool:
        """Whether it acts with temporary credentials only."""
        return self.kind in (Kind.ROLE, Kind.SESSION)


def principal_of(arn: str) -> Principal | None:
    """The principal of an ARN; None where it is none of a user, a role, a session or a root."""
    match = _ARN.fullmatch(arn)
    if match is None:
        return None
    partition, service, account, rest = match.groups()
    sort, _, name = rest.partition("/")
    if service == "iam" and rest == "root":
        return Principal(arn, Kind.ROOT, partition, account, "root")
    if service == "iam" and sort in ("user", "role") and name:
        return Principal(arn, Kind(sort), partition, account, name.rpartition("/")[2])
    if service == "sts" and sort == "assumed-role" and name:
        return Principal(arn, Kind.SESSION, partition, account, name.partition("/")[0])
    return None


class Naming(Enum):
    """How a policy of a resource names a principal."""

    DIRECT = "direct"
    """A user's or a session's own ARN: an implicit deny of a boundary or of a session policy does not bind it."""
    ROLE = "role"
    """A role's ARN: they do."""
    EVERYONE = "everyone"
    ACCOUNT = "account"
    """Its account: what the account's own policies allow."""


def naming(written: str, who: Principal, role_arn: str) -> Naming | None:
    """How one entry of a Principal element names a principal; None: it does not."""
    if written == "*":
        return Naming.EVERYONE
    if written in (who.account, f"arn:{who.partition}:iam::{who.account}:root"):
        return Naming.DIRECT if who.kind is Kind.ROOT else Naming.ACCOUNT
    if written == who.arn:
        return Naming.ROLE if who.kind is Kind.ROLE else Naming.DIRECT
    if role_arn and written == role_arn:
        return Naming.ROLE
    return None


def session_of(written: str, who: Principal) -> bool:
    """Whether one entry of a Principal element names one session of a role, whose name whoever assumes the role chooses."""
    return who.kind is Kind.ROLE and written.startswith(
        f"arn:{who.partition}:sts::{who.account}:assumed-role/{who.name}/"
    )
