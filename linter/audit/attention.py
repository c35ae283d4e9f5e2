"""What of an audit needs a reviewer's attention before all else: what is not proved, not seen, or not decided."""

from linter.audit.model import Agent, Audit, Permission, Principal, Revoked


def unproved(audit: Audit) -> tuple[tuple[Revoked, str], ...]:
    """What was to be taken away and is not seen any more, though nothing proves that it is gone; and why nothing does."""
    silence = "no answer says so" if audit.live else "nothing live was asked"
    return tuple(
        (one, f"{one.decided.decision} not proved: {one.why or silence}")
        for one in audit.revoked
        if one.decided is not None and one.decided.outcome == "unverified"
    )


def unseen(audit: Audit) -> tuple[tuple[Permission, str], ...]:
    """What was granted when it was last seen, and of which nobody can tell whether it still is; and why not."""
    return tuple(
        (one, one.reason)
        for agent in audit.agents
        for one in agent.permissions
        if one.origin == "granted" and one.verdict == "unverified"
    )


def missed(audit: Audit) -> tuple[tuple[Principal, str], ...]:
    """Principals without a manifest of which nobody can tell whether they still are there; and why not."""
    return tuple((one, one.reason) for one in audit.principals if one.state == "unverified")


def waiting(audit: Audit) -> tuple[tuple[Principal, str], ...]:
    """Principals that need a decision before all else, and why."""
    found = []
    for one in audit.principals:
        if one.decision is not None and one.decision.outcome == "overdue":
            found.append((one, f"{one.decision.decision} overdue since {one.decision.since}"))
        elif one.decision is None and one.state != "managed":
            found.append((one, "no manifest speaks for it"))
    return tuple(found)


def undecided(audit: Audit) -> tuple[tuple[Agent, Permission, str], ...]:
    """What needs a decision before all others, and why: excess, overdue revokes, unverified or new privileged powers."""
    found = []
    for agent in audit.agents:
        for one in agent.permissions:
            if one.decision is not None and one.decision.outcome == "overdue":
                found.append((agent, one, f"{one.decision.decision} overdue since {one.decision.since}"))
            elif one.decision is None and one.verdict == "excess" and one.origin == "granted":
                found.append((agent, one, "granted beyond what was agreed"))
            elif one.decision is None and one.privileged and one.new:
                found.append((agent, one, f"new privileged power: {', '.join(one.privileged)}"))
    return tuple(found)
