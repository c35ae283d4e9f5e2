"""What nobody read: why an entry that looks right proves nothing yet (DESIGN.md, section 1, "Unverified is never clean").

The verdicts' design: what a principal holds is what its own side grants (its policies, groups, boundary, session and service
control policies), and what is known of resources' policies. Those that were not read can neither excuse an excess, which
is granted and stands, nor let an entry be `ok`: they could allow more than is declared, or deny what is.
"""

from collections.abc import Iterator

from linter.systems.aws.account import Account
from linter.systems.aws.declared import Demand
from linter.systems.aws.evaluate import CONTROLLED
from linter.systems.aws.holders import Home, asked, holder, may_hold
from linter.systems.aws.principals import Principal

RESOURCES, CONTROLS = "policies of resources", "resource control policies"


def doubts(account: Account, who: Principal, demand: Demand) -> Iterator[str]:
    """Why what is found of one declared resource could be otherwise, a clause each; none where all was read."""
    if not demand.where:
        return
    if account.rcps is None and demand.service in ("", *CONTROLLED):
        yield f"{CONTROLS} could not be read: they may deny it"
    why = _policy(account, who, demand)
    if why:
        yield f"{why}: a policy may allow more than is declared, or deny what is"


def unread(account: Account, services: tuple[str, ...]) -> list[str]:
    """The kinds of policies that were not read and could deny, for details of what is granted."""
    found = []
    if account.whole and any(map(may_hold, services)):
        found.append(RESOURCES)
    if account.rcps is None and not set(CONTROLLED).isdisjoint(services):
        found.append(CONTROLS)
    return found


def _policy(account: Account, who: Principal, demand: Demand) -> str:
    if not account.whole or not may_hold(demand.service):
        return ""  # a recording of one caller says all that concerns it
    if not asked(demand.service):
        of = demand.service or "AWS"
        return f"permlint does not read the policies of resources of {of}"
    home = Home(who.partition, who.account, account.region)
    one = holder(demand.service, demand.where, home)
    if one is None:
        return f"it names no one resource of {demand.service} whose policy could be read"
    if one.arn in account.unread:
        return f"the policy of {one.arn} could not be read ({account.unread[one.arn]})"
    if one.arn not in account.resource_policies:
        return f"the policy of {one.arn} was not read"
    return ""
