"""An account's IAM as it was read or recorded, and the situation of one of its principals (DESIGN.md, section 5).

Two forms: a dump of iam:GetAccountAuthorizationDetails, which has everybody, or the policies of one caller by themselves.
"""

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from linter.systems.aws.context import context
from linter.systems.aws.evaluate import Policy, Situation
from linter.systems.aws.policies import BadPolicy, document
from linter.systems.aws.principals import ACCESS_KEY, Kind, Principal, principal_of
from linter.systems.live import Stranger, Unverified

_LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
_MORE = ("IsTruncated", "Marker", "NextToken")
"""What an answer has that goes on elsewhere; NextToken is what the AWS CLI's --max-items leaves."""
_SERVICE_LINKED = ":role/aws-service-role/"
"""The path of roles that no policy of the organization binds ("SCP effects on permissions", "Resource control policies")."""
_FORM = (
    ("identity_policies", list), ("groups", list), ("managed_policies", list), ("resource_policies", dict),
    ("account_authorization_details", dict), ("access_keys", dict), ("caller_arn", str), ("organization", str), ("region", str),
)  # fmt: skip


class Found(NamedTuple):
    """A principal with what its own entry says."""

    principal: Principal
    entry: Mapping[str, Any]
    """Of the dump; empty where the recording has one caller alone."""


class Account:
    """What is known of an account."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        """Take a recording's entry.

        Raises:
            ValueError: it is none.
        """
        for key, kind in _FORM:
            if data.get(key) is not None and not isinstance(data[key], kind):
                raise ValueError(
                    f"its `{key}` is no {'text' if kind is str else 'list' if kind is list else 'mapping'}"
                )
        self.data = data
        dump = data.get("account_authorization_details")
        self.whole = dump is not None
        self.dump: dict[str, list[Mapping[str, Any]]] = {name: list((dump or {}).get(name) or ()) for name in _LISTS}
        if dump and any(dump.get(key) for key in _MORE):
            raise ValueError(
                "its `account_authorization_details` are one page of several: all of them in one are needed"
            )
        if not all(isinstance(one, Mapping) for listed in self.dump.values() for one in listed):
            raise ValueError("its `account_authorization_details` are none")
        self.caller = str(data.get("caller_arn") or "")
        self.region = str(data.get("region") or "us-east-1")
        """Where names without one were looked for."""
        if not self.whole and not self.caller:
            raise ValueError("it has neither `account_authorization_details` nor a `caller_arn` with its policies")
        self._managed = {str(one.get("Arn")): one for one in self.dump["Policies"]}
        try:
            given = {str(arn): one for arn, one in (data.get("resource_policies") or {}).items()}
            self.unread = {arn: one for arn, one in given.items() if _is_word(one)}
            """ARN -> why its policy could not be read."""
            known = self._of_resources({arn: one for arn, one in given.items() if arn not in self.unread})
            self.resource_policies = {**self._trust(), **known}
            self.scps = self._levels("scps", "a service control policy")
            self.rcps = self._levels("rcps", "a resource control policy", absent=())
        except (BadPolicy, TypeError, AttributeError) as problem:
            raise ValueError(str(problem) if isinstance(problem, BadPolicy) else "its policies are none") from None

    def find(self, name: str) -> Found:
        """A principal by its ARN, its name or the id of its key.

        Raises:
            Unverified: there is none, several have the name, or the recording does not cover it.
            LookupError: there is none, and the dump has everybody.
        """
        if ACCESS_KEY.fullmatch(name):
            return self._by_key(name)
        given = principal_of(name) if name.startswith("arn:") else None
        if name.startswith("arn:") and given is None:
            raise Unverified(f"{name} is the ARN of no user, role or session")
        if given is not None and given.kind is Kind.ROOT:
            return Found(given, {})
        if not self.whole:
            caller = principal_of(self.caller)
            if caller is None:
                raise Unverified(f"the caller {self.caller} is no user, role or session")
            same = given is not None and given.name == caller.name and given.account == caller.account
            if name in (self.caller, caller.name) or (same and given is not None and given.session and caller.session):
                return Found(caller if name == caller.name or given is None else given, {})
            raise Unverified(f"what was recorded is of {self.caller}, and does not cover {name}")
        found = list(self._named(name, given))
        if len(found) > 1 and given is not None:
            raise Unverified(f"the account has {name} twice: nobody knows which of them counts")
        if len(found) > 1:
            raise Unverified(f"a user and a role are called {name}: name its ARN")
        if not found:
            raise LookupError(name)
        return found[0]

    def _named(self, name: str, given: Principal | None) -> Iterator[Found]:
        wanted = given.name if given is not None else name
        for key, listed, kind in (("UserName", "UserDetailList", Kind.USER), ("RoleName", "RoleDetailList", Kind.ROLE)):
            for entry in self.dump[listed]:
                own = principal_of(str(entry.get("Arn")))
                if own is None or entry.get(key) != wanted:
                    continue
                if given is None:
                    yield Found(own, entry)
                elif given.kind is Kind.SESSION and kind is Kind.ROLE and given.account == own.account:
                    yield Found(given, entry)
                elif given.arn == own.arn:
                    yield Found(own, entry)

    def nearest(self, name: str) -> str:
        """A user or role of that name under another path, or in another case; empty where there is none."""
        wanted = name.rpartition("/")[2].lower()
        entries = (*self.dump["UserDetailList"], *self.dump["RoleDetailList"])
        same = (one for one in entries if str(one.get("UserName") or one.get("RoleName")).lower() == wanted)
        return next((str(one.get("Arn")) for one in same), "")

    def _by_key(self, key: str) -> Found:
        user = (self.data.get("access_keys") or {}).get(key)
        if not user:
            kind = "a session's key: name its role" if key.startswith("ASIA") else "no key of a user that was looked up"
            raise Unverified(f"{key} is {kind}")
        return self.find(str(user))

    def situation(self, found: Found) -> Situation:
        """Everything that decides what a principal may do.

        Raises:
            Unverified: one of its policies cannot be read.
        """
        try:
            identity, boundary = self._of_dump(found) if found.entry else self._of_caller(found)
            sessions = (
                self.data.get("session_policies") if not found.entry or self.caller == found.principal.arn else None
            )
            session = None
            if sessions and found.principal.kind is Kind.SESSION:
                session = tuple(one for given in sessions for one in document(given, "a session policy"))
        except (BadPolicy, TypeError, AttributeError, KeyError) as problem:
            said = str(problem) if isinstance(problem, BadPolicy) else "a policy is not of the form that AWS gives"
            raise Unverified(f"{found.principal.arn}: {said}") from None
        who = found.principal
        role = ""
        if who.session:
            role = str(found.entry.get("Arn") or f"arn:{who.partition}:iam::{who.account}:role/{who.name}")
            role = who.arn if who.kind is Kind.ROLE else role
        bound = _SERVICE_LINKED not in role
        return Situation(
            who,
            role,
            identity,
            boundary,
            self.scps if bound else (),
            session,
            who.kind is not Kind.SESSION or sessions is not None,
            self.resource_policies,
            context(who, role, found.entry, str(self.data.get("organization") or ""), self.resource_policies.get(role)),
            tuple(one for level in self.rcps or () for one in level) if bound else (),
        )

    def _of_dump(self, found: Found) -> tuple[Policy, Policy | None]:
        entry = found.entry
        groups = {str(one.get("GroupName")): one for one in self.dump["GroupDetailList"]}
        holders = [(entry, "")]
        for name in entry.get("GroupList") or ():
            if name not in groups:
                raise BadPolicy(f"the group {name} is not among what was read")
            holders.append((groups[name], f" of the group {name}"))
        identity: list[Any] = []
        for holder, of in holders:
            for inline in ("UserPolicyList", "GroupPolicyList", "RolePolicyList"):
                for one in holder.get(inline) or ():
                    identity += document(one["PolicyDocument"], f"the inline policy {one['PolicyName']}{of}")
            for one in holder.get("AttachedManagedPolicies") or ():
                identity += self._by_arn(str(one["PolicyArn"]), of)
        boundary = (entry.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
        return tuple(identity), None if boundary is None else self._by_arn(str(boundary), "")

    def _by_arn(self, arn: str, of: str) -> Policy:
        """The default version of a managed policy: the others are history."""
        policy = self._managed.get(arn)
        if policy is None:
            raise BadPolicy(f"the managed policy {arn} is not among what was read")
        for version in policy.get("PolicyVersionList") or ():
            if version.get("IsDefaultVersion") or version.get("VersionId") == policy.get("DefaultVersionId"):
                return document(version["Document"], f"the policy {arn.rpartition('/')[2]}{of}")
        raise BadPolicy(f"the managed policy {arn} has no default version")

    def _of_caller(self, found: Found) -> tuple[Policy, Policy | None]:
        data = self.data
        identity: list[Any] = []
        if found.principal.kind is Kind.ROOT:
            return (), None
        for number, one in enumerate(data.get("identity_policies") or ()):
            identity += document(one, f"identity policy {number + 1}")
        for group in data.get("groups") or ():
            for one in group.get("policies") or ():
                identity += document(one, f"a policy of the group {group.get('name')}")
        managed = {str(one.get("arn")): one for one in data.get("managed_policies") or ()}
        given = data.get("permissions_boundary")
        bounding = given if isinstance(given, str) else given.get("arn") if isinstance(given, Mapping) else None
        for arn, one in managed.items():
            if arn != bounding:
                identity += _default(arn, one)
        if given is None:
            return tuple(identity), None
        if bounding:
            if bounding not in managed:
                raise BadPolicy(f"the permissions boundary {bounding} is not among what was recorded")
            return tuple(identity), _default(str(bounding), managed[str(bounding)])
        return tuple(identity), document(given, "the permissions boundary")

    def _trust(self) -> dict[str, Policy]:
        return {
            str(one["Arn"]): document(one["AssumeRolePolicyDocument"], f"the trust of {one.get('RoleName')}")
            for one in self.dump["RoleDetailList"]
            if "Arn" in one and "AssumeRolePolicyDocument" in one
        }

    def _of_resources(self, given: Mapping[str, Any]) -> dict[str, Policy]:
        """Policies of resources by their ARNs. One of an account's that is none says nothing of the others."""
        found: dict[str, Policy] = {}
        for arn, one in given.items():
            try:
                found[arn] = document(one or {}, f"the policy of {arn}")
            except BadPolicy as problem:
                if not self.whole:
                    raise
                self.unread[arn] = str(problem)
        return found

    def _levels(self, key: str, source: str, *, absent: tuple[Policy, ...] | None = None) -> tuple[Policy, ...] | None:
        """An organization's policies by level, from the root down; None where they could not be read."""
        given = self.data.get(key)
        if not isinstance(given, list):
            return absent if given is None else None
        levels = [level if isinstance(level, list) else [level] for level in given]
        return tuple(tuple(one for policy in level for one in document(policy, source)) for level in levels)

    def identities(self) -> dict[str, str] | None:
        """The unique id of every user and role -> its ARN; None where some are not known."""
        listed = [
            (str(entry.get(key) or ""), str(entry.get("Arn")))
            for name, key in (("UserDetailList", "UserId"), ("RoleDetailList", "RoleId"))
            for entry in self.dump[name]
        ]
        return dict(listed) if self.whole and all(id for id, _ in listed) else None

    def strangers(self, patterns: Mapping[str, Sequence[str]]) -> list[Stranger]:
        """The users and roles under a path, with a tag, or whose names match."""
        found: dict[str, Stranger] = {}
        for key, listed in (("UserName", "UserDetailList"), ("RoleName", "RoleDetailList")):
            for entry in self.dump[listed]:
                arn, name = str(entry.get("Arn")), str(entry.get(key))
                tags = {f"{one.get('Key')}={one.get('Value')}" for one in entry.get("Tags") or ()}
                for path in patterns.get("paths", ()):
                    if str(entry.get("Path", "/")).startswith(path):
                        found.setdefault(arn, Stranger(arn, f"it is under the path {path}"))
                for tag in patterns.get("tags", ()):
                    if tag in tags:
                        found.setdefault(arn, Stranger(arn, f"it has the tag {tag}"))
                for pattern in patterns.get("names", ()):
                    if fnmatchcase(name, pattern):
                        found.setdefault(arn, Stranger(arn, f"its name matches {pattern}"))
        return sorted(found.values())


def _is_word(given: Any) -> bool:
    """Whether what stands in a policy's place says why there is none."""
    return isinstance(given, str) and not given.lstrip().startswith(("{", "%7B"))


def _default(arn: str, one: Mapping[str, Any]) -> Policy:
    version = one.get("default")
    versions = one.get("versions") or {}
    if version not in versions:
        raise BadPolicy(f"the managed policy {arn} has no default version")
    return document(versions[version], f"the policy {arn.rpartition('/')[2]}")
