"""What nobody read: why an entry that looks right proves nothing yet (DESIGN.md, section 1, "Unverified is never clean").

The verdicts' design: what a principal holds is what its own side grants (its policies, groups, boundary, session and service
control policies), and what is known of resources' policies. Those that were not read can neither excuse an excess, which
is granted and stands, nor let an entry be `ok`: they could allow more than is declared, or deny what is.
"""

from collections.abc import Iterator

from linter.systems.aws.account import Account
from linter.systems.aws.declared import Demand, Need
from linter.systems.aws.evaluate import CONTROLLED, Evaluation
from linter.systems.aws.excess import Granted
from linter.systems.aws.holders import Home, asked, holder, may_hold
from linter.systems.aws.policies import Statement
from linter.systems.aws.principals import Principal
from linter.systems.aws.regions import Area, area, join, show, subtract
from linter.systems.aws.table import NO_RESOURCE, nowhere
from linter.systems.aws.wildcards import parts

RESOURCES, CONTROLS = "policies of resources", "resource control policies"


def doubts(account: Account, who: Principal, demand: Demand) -> Iterator[str]:
    """Why what is found of one declared resource could be otherwise, a clause each; none where all was read."""
    if not demand.where:
        return
    if account.rcps is None and demand.service in ("", *CONTROLLED):
        yield f"{CONTROLS} could not be read: they may deny it"
    why = of_its_own(account, who, demand)
    if why:
        yield f"{why}: a policy may allow more than is declared, or deny what is"


def grantable(evaluation: Evaluation, demand: Demand, need: Need) -> bool:
    """Whether a policy of the declared resource, if it allowed the principal everything, would give it what it lacks."""
    given = evaluation.situation
    everything = Statement(
        True, ("*",), False, ("*",), False, {}, (given.who.arn,), False, "a policy that was not read"
    )
    supposed = {one: (everything,) for one in show(demand.where) if one != NO_RESOURCE}
    policies = {**supposed, **given.resource_policies}
    asked = Evaluation(given._replace(resource_policies=policies))
    return Granted(asked, (demand,)).allowed(need.actions, need.where, sure=False)


def unread(account: Account, services: tuple[str, ...], where: Area) -> list[str]:
    """The kinds of policies that were not read and could deny, for details of what is granted there."""
    found = []
    known = [arn for arn in account.resource_policies if parts(arn)[2:3] and parts(arn)[2] in services]
    held = tuple(one for one in where if not nowhere(one.pattern))
    rest = subtract(held, join((*area(known), *area(f"{arn}/*" for arn in known))))
    if account.whole and rest and any(map(may_hold, services)):
        found.append(RESOURCES)
    if account.rcps is None and not set(CONTROLLED).isdisjoint(services):
        found.append(CONTROLS)
    return found


def of_its_own(account: Account, who: Principal, demand: Demand) -> str:
    """Why nobody knows what the policy of a declared resource says, a clause; empty where it is known, or can be none."""
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
