"""Default privileges: what the role will get on objects that do not exist yet."""

from collections.abc import Iterator

from linter.systems.postgresql.granted import Future
from linter.systems.postgresql.names import quote
from linter.systems.postgresql.rights import Rights
from linter.systems.postgresql.snapshot import PUBLIC

_TYPES = {
    "r": "table",
    "S": "sequence",
    "f": "function",
    "T": "type",
    "n": "schema",
    "L": "large object",
}
_BUILT_IN = frozenset({("f", "EXECUTE"), ("T", "USAGE")})
"""PUBLIC has these without any ALTER DEFAULT PRIVILEGES; an entry that repeats them says nothing."""


def future(rights: Rights) -> Iterator[Future]:
    """The entries of ALTER DEFAULT PRIVILEGES for the role, for those that it inherits, and for PUBLIC."""
    if rights.superuser:
        return
    index = rights.index
    for grant in index.snapshot.default_grants:
        public = grant.grantee == PUBLIC
        # What a creator grants itself is its ownership's.
        ours = grant.grantee in rights.inherited and grant.grantee != grant.creator
        if not ours and not (public and (grant.kind, grant.privilege) not in _BUILT_IN):
            continue
        path = index.path((rights.role,) if public else rights.inherited[grant.grantee])
        creator = index.role_names.get(grant.creator, "")
        schema = index.schema_names.get(grant.schema, "")
        type = _TYPES.get(grant.kind, grant.kind)
        fix = (
            f"ALTER DEFAULT PRIVILEGES FOR ROLE {quote(creator)}{f' IN SCHEMA {quote(schema)}' if schema else ''} "
            f"REVOKE {grant.privilege} ON {type.upper()}S FROM {'PUBLIC' if public else quote(path[-1])};"
        )
        yield Future(creator, schema, type, grant.privilege, grant.grantable, path, public, fix)
