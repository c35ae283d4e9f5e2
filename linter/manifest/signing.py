"""What a reviewer signs: the digest of a manifest's permissions. It depends on the manifest's text alone."""

import json

from linter.boxes import Names
from linter.manifest.model import Manifest
from linter.permissions import Leaf, normal

try:  # hashlib loads OpenSSL, 2 ms at every start; random.py does as this does
    from _sha2 import sha256  # type: ignore[import-not-found]
except ImportError:
    try:
        from _sha256 import sha256  # type: ignore[import-not-found]  # before Python 3.12
    except ImportError:
        from hashlib import sha256


def digest_of(manifest: Manifest) -> str:
    """`p1:` + SHA-256 of canonical JSON: the agent, what it may do in each environment, its identities there, its end.

    Only a manifest that the schema accepts whole has a digest worth signing: what the schema refuses is in no set.
    """
    names = manifest.environments
    signed = {
        "agent": manifest.agent,
        "environments": _by_environment(manifest),
        "identities": {
            name: {
                system: principal
                for system, given in manifest.identities.items()
                if (principal := given if isinstance(given, str) else given.get(name)) is not None
            }
            for name in names
        },
        "expires": manifest.expires,
    }
    text = json.dumps(signed, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return f"p1:{sha256(text.encode()).hexdigest()}"


def _by_environment(manifest: Manifest) -> dict[str, list[list[object]]]:
    """Environment -> the normal form of what may be done there; most entries apply everywhere, and then it is one."""
    found: dict[str, list[list[object]]] = {}
    before: list[Leaf] = []
    form: list[list[object]] = []
    for name in manifest.environments:
        leaves = [leaf for one in manifest.resources if name in one.environments for leaf in one.leaves]
        if leaves != before:
            before, form = leaves, [_plain(leaf) for leaf in normal(leaves)]
        found[name] = form
    return found


def _plain(leaf: Leaf) -> list[object]:
    box = {
        name: {"except" if value.excluded else "only": sorted(value.names)} if isinstance(value, Names) else value
        for name, value in leaf.box
    }
    return [leaf.system, list(leaf.object), leaf.action, box]
