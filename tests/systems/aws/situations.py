"""Policy sets in a line each: what the tests of the evaluator stand on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from linter.systems.aws.evaluate import Evaluation, Situation
from linter.systems.aws.facts import facts
from linter.systems.aws.policies import Statement, document
from linter.systems.aws.principals import Kind, principal_of

ACCOUNT = "111122223333"
USER = f"arn:aws:iam::{ACCOUNT}:user/bots/triage"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/triage"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/triage/run-1"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
BUCKET = "arn:aws:s3:::invoices"
OBJECT = f"{BUCKET}/a.pdf"


def policy(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def statements(given: Sequence[Mapping[str, Any]]) -> tuple[Statement, ...]:
    return document(policy(*given), "a policy")


def situation(
    *identity: Mapping[str, Any],
    who: str = USER,
    boundary: Sequence[Mapping[str, Any]] | None = None,
    scps: Sequence[Sequence[Mapping[str, Any]]] | None = (),
    session: Sequence[Mapping[str, Any]] | None = None,
    session_known: bool = True,
    resources: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    context: Mapping[str, tuple[str, ...]] | None = None,
    complete: bool = False,
    rcps: Sequence[Mapping[str, Any]] = (),
) -> Situation:
    principal = principal_of(who)
    assert principal is not None
    known = {"aws:PrincipalArn": (who,), **(context or {})}
    if principal.kind is Kind.USER:
        known["aws:username"] = (principal.name,)
    return Situation(
        principal,
        ROLE if principal.session else "",
        statements(identity),
        None if boundary is None else statements(boundary),
        None if scps is None else tuple(statements(level) for level in scps),
        None if session is None else statements(session),
        session_known,
        {arn: statements(given) for arn, given in (resources or {}).items()},
        facts(known, complete=complete),
        statements(rcps),
    )


def decide(given: Situation, action: str, resource: str = "*") -> tuple[bool, bool]:
    return Evaluation(given).decide(action, resource)
