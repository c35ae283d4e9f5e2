"""What a principal gains that may assume roles: a right that was taken from it may come back by way of one."""

from collections.abc import Iterator, Mapping

from linter.systems.aws.account import Account
from linter.systems.aws.regions import Area, area, intersect
from linter.systems.aws.wildcards import overlap, parts
from linter.systems.live import Unverified

ASSUME = "sts:AssumeRole"
ANYTHING = "*"


def gained(account: Account, where: Area) -> list[str]:
    """The actions, as policies write them, that the roles of an area may do, and those that these may assume in turn.

    More rather than less: what is denied, and where and on which condition something is allowed, is left out. A role of another
    account, or one that could not be read, may do anything.
    """
    roles = {str(one.get("Arn")): one for one in account.dump["RoleDetailList"]}
    found: dict[str, None] = {}
    seen: set[str] = set()
    waiting = [where]
    while waiting:
        reached = waiting.pop()
        named = [arn for arn in roles if intersect(area([arn]), reached)]
        if not account.whole or any(_elsewhere(one.pattern, roles) for one in reached):
            found[ANYTHING] = None
        for arn in (one for one in named if one not in seen):
            seen.add(arn)
            for action, resources in _allowed(account, arn):
                found[action] = None
                if overlap(action.lower(), ASSUME.lower()):
                    waiting.append(area(resources))
    return sorted(found)


def _elsewhere(pattern: str, roles: Mapping[str, object]) -> bool:
    """Whether a role is named that is none of these: another account's."""
    account = parts(pattern)[4] if len(parts(pattern)) > 1 else ""
    return account.isdigit() and account not in {parts(arn)[4] for arn in roles}


def _allowed(account: Account, arn: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    try:
        policy = account.situation(account.find(arn)).identity
    except (LookupError, Unverified):
        yield ANYTHING, ()
        return
    for one in policy:
        if one.allows:
            yield from ((action, one.resources) for action in ((ANYTHING,) if one.not_actions else one.actions))
