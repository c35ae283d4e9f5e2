"""What each request of a principal carries: the keys of its context that are known before it is made."""

import time
from collections.abc import Mapping
from typing import Any

from linter.systems.aws.evaluate import Policy
from linter.systems.aws.facts import ABSENT, Facts, facts
from linter.systems.aws.principals import Kind, Principal
from linter.systems.aws.wildcards import covers, tidy


def context(who: Principal, role: str, entry: Mapping[str, Any], organization: str, trust: Policy | None) -> Facts:
    """What a request of this principal carries, whatever else it does (IAM User Guide, "Global condition keys").

    Args:
        role: the ARN of a session's or a role's role; else empty.
        entry: the principal's or its role's own, of a dump; empty where there is none.
        trust: of the role; None where it is not known, or there is no role.
    """
    arn = role if who.session else who.arn
    known: dict[str, tuple[str, ...]] = {
        "aws:PrincipalArn": (arn,),
        "aws:PrincipalAccount": (who.account,),
        "aws:PrincipalIsAWSService": ("false",),
        "aws:SecureTransport": ("true",),  # it is the caller's to choose, and every SDK does
        # Only requests that a service makes by itself carry these. (aws:SourceOwner, in every topic's first policy, is
        # documented nowhere: it stays unknown.)
        "aws:SourceArn": ABSENT,
        "aws:SourceAccount": ABSENT,
    }
    if organization:
        known["aws:PrincipalOrgID"] = (organization,)
    if who.kind is Kind.USER:
        known |= {
            "aws:username": (who.name,),
            "aws:PrincipalType": ("User",),
            # A long-term key carries none of these. (aws:TokenIssueTime it does not either; but its user may have a session
            # token, from sts:GetSessionToken, which needs no permission, and that does: it stays unknown.)
            "aws:MultiFactorAuthPresent": ABSENT,
            "aws:MultiFactorAuthAge": ABSENT,
            "aws:FederatedProvider": ABSENT,
            "aws:SourceIdentity": ABSENT,
        }
        if entry.get("UserId"):
            known["aws:userid"] = (str(entry["UserId"]),)
    elif who.session:
        known |= {"aws:username": ABSENT, "aws:PrincipalType": ("AssumedRole",)}
    for tag in (
        () if who.session and _taggable(trust) else entry.get("Tags") or ()
    ):  # a tag of a session's own takes the place of its role's
        known[f"aws:PrincipalTag/{tag.get('Key')}"] = (str(tag.get("Value")),)
    # A session may have tags of its own; a user has those of its entry.
    untagged = "aws:principaltag/" if who.kind is Kind.USER and entry else ""
    # The session of a user who showed no code says so; a long-term key says nothing ("aws:MultiFactorAuthPresent").
    other = {"aws:multifactorauthpresent": ("false",)} if who.kind is Kind.USER else {}
    return facts(known)._replace(absent=untagged, other=other, now=time.time())


def _taggable(trust: Policy | None) -> bool:
    """Whether a role's trust lets anybody tag its sessions, or is not known ("Pass session tags in AWS STS")."""
    patterns = [
        "*" if one.not_actions else tidy(pattern.lower())
        for one in trust or ()
        if one.allows
        for pattern in one.actions
    ]
    return trust is None or any(covers(pattern, "sts:tagsession") for pattern in patterns)
