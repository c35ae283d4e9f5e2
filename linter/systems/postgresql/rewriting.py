"""What views and rewrite rules do with relations, out of their stored trees: a part of the scan's second batch."""

# ruff: noqa: S608 - all that is put into a statement is written here

from linter.systems.postgresql.snapshot import FIRST_USER_OID

# A view's query and a rule's actions are stored as a tree of nodes, which has, for each relation, the permissions that are
# checked: bits as in the server's parsenodes.h. Blanks in names are escaped there, so that no name can look like this. All
# quantifiers are lazy: the first makes the whole pattern so.
_PERMISSIONS = r" :relid (\d+?) (?:(?! :relid ).)*?:requiredPerms (\d+?) "
_COLUMNS = (
    _PERMISSIONS + r":checkAsUser \d+? "
    r":selectedCols \(b([ 0-9]*?)\) :insertedCols \(b([ 0-9]*?)\) :updatedCols \(b([ 0-9]*?)\)"
)
"""The columns that they are checked on, each number greater by 7 than the column's: 7 is the whole row."""
_ENABLED = f"r.ev_class >= {FIRST_USER_OID} AND r.ev_enabled <> 'D'"
_VIEWS = f"""SELECT r.ev_class, r.ev_type, r.rulename, m[1]::oid, bit_or(m[2]::bigint), '{{}}'::name[], true
FROM pg_rewrite r, regexp_matches(r.ev_action::text, '{_PERMISSIONS}', 'g') m
WHERE {_ENABLED} AND r.ev_type = '1' AND m[2] <> '0' AND m[1] <> r.ev_class::text GROUP BY 1, 2, 3, 4"""
# One row for each of 1 INSERT, 2 SELECT, 4 UPDATE and 8 DELETE. Of its own relation a rule has OLD and NEW, which the
# server stores as if it read the relation.
_RULES = f"""SELECT u.ev_class, u.ev_type, u.rulename, u.relation, u.bit,
       ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = u.relation AND attnum > 0 AND NOT attisdropped
             AND (attnum + 7)::text = ANY (u.columns) AND NOT '7' = ANY (u.columns) ORDER BY attnum), u.is_instead
FROM (SELECT r.ev_class, r.ev_type, r.rulename, r.is_instead, m[1]::oid AS relation, bit,
             string_to_array(string_agg(CASE bit WHEN 1 THEN m[4] WHEN 2 THEN m[3] WHEN 4 THEN m[5] END, ''), ' ') AS columns
      FROM pg_rewrite r, regexp_matches(r.ev_action::text, '{_COLUMNS}', 'g') m, unnest('{{1,2,4,8}}'::int[]) bit
      WHERE {_ENABLED} AND r.ev_type <> '1' AND m[2]::bigint & bit <> 0 AND (bit <> 2 OR m[1] <> r.ev_class::text)
      GROUP BY 1, 2, 3, 4, 5, 6) u"""
# That it really reads it, a FROM says.
_OWN = f"""SELECT r.ev_class, r.ev_type, r.rulename, r.ev_class, 2, '{{}}', r.is_instead FROM pg_rewrite r
WHERE {_ENABLED} AND r.ev_type <> '1' AND r.ev_action::text ~ (' :relid ' || r.ev_class || ' (?:(?! :relid ).)*? :inFromCl true ')"""
_INSTEAD = f"""SELECT r.ev_class, r.ev_type, r.rulename, 0, 0, '{{}}', true FROM pg_rewrite r
WHERE {_ENABLED} AND r.ev_type <> '1' AND r.is_instead"""

USES = f"{_VIEWS}\nUNION ALL {_RULES}\nUNION ALL {_OWN}\nUNION ALL {_INSTEAD}"
"""(relation, event, rule, the relation used, bits, columns, instead): see `Use`."""
