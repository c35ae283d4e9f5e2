"""What a reviewer signs: the digest of a manifest's permissions. It depends on the manifest's text alone."""

import json
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quoted

from linter.boxes import Box, Names
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
    expires = "null" if manifest.expires is None else quoted(manifest.expires)
    names = sorted(set(manifest.environments))
    identities = ",".join([f"{quoted(name)}:{_identities(manifest, name)}" for name in names])
    text = (
        f'{{"agent":{quoted(manifest.agent)},"environments":{{{_by_environment(manifest, names)}}},'
        f'"expires":{expires},"identities":{{{identities}}}}}'
    )
    return f"p1:{sha256(text.encode()).hexdigest()}"


_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode


def _identities(manifest: Manifest, environment: str) -> str:
    """System and principal there."""
    found = {
        system: principal
        for system, given in manifest.identities.items()
        if (principal := given if isinstance(given, str) else given.get(environment)) is not None
    }
    return _canonical(found) if found else "{}"


def _by_environment(manifest: Manifest, names: list[str]) -> str:
    """Environment and the normal form of what may be done there; most entries apply everywhere, and then it is one.

    Canonical JSON, written leaf by leaf: made into lists for `json` to write, it takes five times as long.
    """
    found: list[str] = []
    before: list[Leaf] = []
    form = ""
    for name in names:
        leaves = [leaf for one in manifest.resources if name in one.environments for leaf in one.leaves]
        if leaves != before:
            before, form = leaves, ",".join([_leaf(leaf) for leaf in normal(leaves)])
        found.append(f"{quoted(name)}:[{form}]")
    return ",".join(found)


def _leaf(leaf: Leaf) -> str:
    system, path, action, box = leaf
    return f"[{quoted(system)},[{','.join(map(quoted, path))}],{quoted(action)},{_box(box) if box else '{}'}]"


@lru_cache(maxsize=512)  # what an entry reads and writes has one box, and a team's agents share what bounds them
def _box(box: Box) -> str:
    bounds = []
    for name, value in box:
        bound = quoted(value) if isinstance(value, str) else _names(value)
        bounds.append(f"{quoted(name)}:{bound}")
    return f"{{{','.join(bounds)}}}"


def _names(value: Names) -> str:
    listed = ",".join(map(quoted, sorted(value.names)))
    return f'{{"except":[{listed}]}}' if value.excluded else f'{{"only":[{listed}]}}'
