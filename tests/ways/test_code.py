"""Ways around the manifest by code that runs as somebody else: views, functions, triggers, rules, foreign keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers import World
from tests.ways.found import GRANT_READ, READ, SECRETS, Case, check

SUMS = (
    "CREATE FUNCTION app.step(int, int) RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = app AS 'SELECT 1'",
    "CREATE AGGREGATE app.sums(int) (SFUNC = app.step, STYPE = int)",
)
PARTITIONS = (
    "CREATE TABLE app.events (id int, place int) PARTITION BY LIST (place);"
    "CREATE TABLE app.events_1 PARTITION OF app.events FOR VALUES IN (1); GRANT INSERT ON app.events TO {agent}"
)
RUNNER = (
    "CREATE FUNCTION app.runs() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = app AS "
    "'BEGIN RETURN NEW; END'; REVOKE EXECUTE ON FUNCTION app.runs() FROM PUBLIC"
)
CASES: dict[str, Case] = {
    "a declared view that reads as its owner is what was agreed": (
        ("{resource: postgres.app.open_tickets, access: read-only}",),
        ("CREATE VIEW app.open_tickets AS SELECT id FROM app.tickets; GRANT SELECT ON app.open_tickets TO {agent}",),
        ["security-definer-path info"],
    ),
    "a declared view that steps over row-level security": (
        (READ, "{resource: postgres.app.all_tickets, access: read-only}"),
        (
            GRANT_READ,
            "ALTER TABLE app.tickets ENABLE ROW LEVEL SECURITY; CREATE POLICY mine ON app.tickets TO {agent} USING (id = 1)",
            "CREATE VIEW app.all_tickets AS SELECT * FROM app.tickets; GRANT SELECT ON app.all_tickets TO {agent}",
        ),
        ["security-definer-path warning"],
    ),
    "a declared view of the server's own secrets": (
        (READ, "{resource: postgres.app.logins, access: read-only}"),
        (
            GRANT_READ,
            "CREATE VIEW app.logins AS SELECT rolname, rolpassword FROM pg_authid; GRANT SELECT ON app.logins TO {agent}",
        ),
        ["security-definer-path warning"],
    ),
    "a declared view of a view of the server's secrets": (
        (READ, "{resource: postgres.app.logins, access: read-only}"),
        (GRANT_READ, "CREATE VIEW app.logins AS SELECT * FROM pg_shadow; GRANT SELECT ON app.logins TO {agent}"),
        ["security-definer-path warning"],
    ),
    "a declared view of what everybody reads of the server": (
        (READ, "{resource: postgres.app.logins, access: read-only}"),
        (GRANT_READ, "CREATE VIEW app.logins AS SELECT * FROM pg_roles; GRANT SELECT ON app.logins TO {agent}"),
        [],
    ),
    "an undeclared view of secrets": (
        (READ,),
        (GRANT_READ, SECRETS, "CREATE VIEW app.leak AS SELECT * FROM app.secrets; GRANT SELECT ON app.leak TO {agent}"),
        ["security-definer-path warning", "undeclared-privilege warning"],
    ),
    "a function that runs as a superuser, declared": (
        (READ, "{resource: 'postgres.app.sweep()', access: execute}"),
        (
            GRANT_READ,
            "CREATE FUNCTION app.sweep() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'DELETE FROM app.tickets'",
        ),
        ["security-definer-path warning"],
    ),
    "a function that runs as an ordinary role, declared": (
        (READ, "{resource: 'postgres.app.sweep()', access: execute}"),
        (
            GRANT_READ,
            "CREATE FUNCTION app.sweep() RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = app AS 'SELECT'",
            "CREATE ROLE {sweeper}; ALTER FUNCTION app.sweep() OWNER TO {sweeper}",
        ),
        ["security-definer-path info"],
    ),
    "a foreign key that deletes elsewhere": (
        ("{resource: postgres.app.tickets, actions: [select, delete]}",),
        (
            "GRANT SELECT, DELETE ON app.tickets TO {agent}",
            "CREATE TABLE app.notes (ticket int REFERENCES app.tickets ON DELETE CASCADE)",
        ),
        ["security-definer-path warning"],
    ),
    "a rule that deletes where it stands": (
        ("{resource: postgres.app.secrets, actions: [insert]}",),
        (
            SECRETS + "; GRANT INSERT ON app.secrets TO {agent}",
            "CREATE RULE one AS ON INSERT TO app.secrets DO ALSO DELETE FROM app.secrets WHERE id <> NEW.id",
        ),
        ["security-definer-path warning"],
    ),
    "a rule that reads where it stands, and answers with it": (
        ("{resource: postgres.app.secrets, actions: [insert]}",),
        (
            SECRETS + "; GRANT INSERT ON app.secrets TO {agent}",
            "CREATE RULE told AS ON INSERT TO app.secrets DO ALSO SELECT * FROM ONLY app.secrets AS other",
        ),
        ["security-definer-path warning"],
    ),
    "a rule that reads where it stands in a subquery": (
        ("{resource: postgres.app.secrets, actions: [insert]}",),
        (
            SECRETS + "; GRANT INSERT ON app.secrets TO {agent}",
            "CREATE RULE told AS ON INSERT TO app.secrets DO ALSO SELECT (SELECT max(old.value) FROM app.secrets AS old)",
        ),
        ["security-definer-path warning"],
    ),
    "a rule that answers with what it is given": (
        ("{resource: postgres.app.secrets, actions: [insert]}",),
        (
            SECRETS + "; GRANT INSERT ON app.secrets TO {agent}",
            "CREATE RULE told AS ON INSERT TO app.secrets DO ALSO SELECT NEW.id, NEW.value",
        ),
        [],
    ),
    "a rule that reads where the agent reads anyway": (
        ("{resource: postgres.app.secrets, actions: [select, insert]}",),
        (
            SECRETS + "; GRANT SELECT, INSERT ON app.secrets TO {agent}",
            "CREATE RULE told AS ON INSERT TO app.secrets DO ALSO SELECT * FROM app.secrets",
        ),
        [],
    ),
    "a rule that reads and changes columns that were agreed": (
        (
            "{resource: postgres.app.tickets, access: read-only, scope: {columns: [id]}}",
            "{resource: postgres.app.tickets, actions: [update], scope: {columns: [status, email]}}",
            "{resource: postgres.app.secrets, actions: [insert]}",
        ),
        (
            "GRANT SELECT (id), UPDATE (status, email) ON app.tickets TO {agent}; ALTER TABLE app.tickets DROP COLUMN assigned_to",
            SECRETS + "; GRANT INSERT ON app.secrets TO {agent}",
            "CREATE RULE own AS ON INSERT TO app.secrets DO ALSO UPDATE app.tickets SET email = NEW.value WHERE id = NEW.id",
        ),
        [],
    ),
    "a rule that reads another column than those agreed": (
        (
            "{resource: postgres.app.tickets, access: read-only, scope: {columns: [id]}}",
            "{resource: postgres.app.secrets, actions: [insert]}",
        ),
        (
            "GRANT SELECT (id) ON app.tickets TO {agent}",
            SECRETS + "; GRANT INSERT ON app.secrets TO {agent}",
            "CREATE RULE told AS ON INSERT TO app.secrets DO ALSO SELECT email FROM app.tickets WHERE id = NEW.id",
        ),
        ["security-definer-path warning"],
    ),
    "a rule that reads whole rows": (
        (
            "{resource: postgres.app.tickets, access: read-only, scope: {columns: [id]}}",
            "{resource: postgres.app.secrets, actions: [insert]}",
        ),
        (
            "GRANT SELECT (id) ON app.tickets TO {agent}",
            SECRETS + "; GRANT INSERT ON app.secrets TO {agent}",
            "CREATE RULE told AS ON INSERT TO app.secrets DO ALSO SELECT to_json(t) FROM app.tickets t WHERE id = NEW.id",
        ),
        ["security-definer-path warning"],
    ),
    "a view that passes a change on, beside what its rule does": (
        ("{resource: postgres.app.open_tickets, actions: [insert]}",),
        (
            "CREATE TABLE app.log (id int); CREATE VIEW app.open_tickets AS SELECT id, status FROM app.tickets",
            "GRANT INSERT ON app.open_tickets TO {agent}",
            "CREATE RULE noted AS ON INSERT TO app.open_tickets DO ALSO INSERT INTO app.log VALUES (NEW.id)",
        ),
        ["security-definer-path info", "security-definer-path warning"],
    ),
    "a view whose rule does nothing instead": (
        ("{resource: postgres.app.open_tickets, actions: [insert]}",),
        (
            "CREATE VIEW app.open_tickets AS SELECT id, status FROM app.tickets; GRANT INSERT ON app.open_tickets TO {agent}",
            "CREATE RULE not_here AS ON INSERT TO app.open_tickets DO INSTEAD NOTHING",
        ),
        [],
    ),
    "a rule that inserts what it is given": (
        (READ, "{resource: postgres.app.secrets, actions: [insert]}"),
        (
            GRANT_READ,
            SECRETS + "; GRANT INSERT ON app.secrets TO {agent}; CREATE TABLE app.copies (id int)",
            "CREATE RULE copy AS ON INSERT TO app.secrets DO ALSO INSERT INTO app.copies VALUES (NEW.id)",
        ),
        ["security-definer-path warning"],
    ),
    "a rule that changes other columns than those agreed": (
        (
            "{resource: postgres.app.tickets, access: read-only}",
            "{resource: postgres.app.tickets, actions: [update], scope: {columns: [status]}}",
            "{resource: postgres.app.secrets, actions: [insert]}",
        ),
        (
            GRANT_READ,
            "GRANT UPDATE (status) ON app.tickets TO {agent}",
            SECRETS + "; GRANT INSERT ON app.secrets TO {agent}",
            "CREATE RULE own AS ON INSERT TO app.secrets DO ALSO UPDATE app.tickets SET email = NEW.value",
        ),
        ["security-definer-path warning"],
    ),
    "a foreign key that changes another column than those agreed": (
        (
            "{resource: postgres.app.tickets, access: read-only}",
            "{resource: postgres.app.tickets, actions: [update], scope: {columns: [id]}}",
            "{resource: postgres.app.notes, actions: [select, update], scope: {columns: [body]}}",
        ),
        (
            GRANT_READ,
            "GRANT UPDATE (id) ON app.tickets TO {agent}",
            "CREATE TABLE app.notes (ticket int REFERENCES app.tickets ON UPDATE CASCADE, body text)",
            "GRANT SELECT (body), UPDATE (body) ON app.notes TO {agent}",
        ),
        ["security-definer-path warning"],
    ),
    "a foreign key that changes a column that was agreed": (
        (
            "{resource: postgres.app.tickets, access: read-only}",
            "{resource: postgres.app.tickets, actions: [update], scope: {columns: [id]}}",
            "{resource: postgres.app.notes, actions: [select, update], scope: {columns: [ticket]}}",
        ),
        (
            GRANT_READ,
            "GRANT UPDATE (id) ON app.tickets TO {agent}",
            "CREATE TABLE app.notes (ticket int REFERENCES app.tickets ON UPDATE CASCADE, body text)",
            "GRANT SELECT (ticket), UPDATE (ticket) ON app.notes TO {agent}",
        ),
        [],
    ),
    "a superuser's function in a schema that is closed to the agent": (
        (READ,),
        (
            GRANT_READ,
            "CREATE SCHEMA inner_; CREATE FUNCTION inner_.sweep() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
        ),
        [],
    ),
    "the same, called by a view": (
        (READ, "{resource: postgres.app.swept, access: read-only}"),
        (
            GRANT_READ,
            "CREATE SCHEMA inner_; CREATE FUNCTION inner_.sweep() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
            "CREATE VIEW app.swept AS SELECT inner_.sweep(); GRANT SELECT ON app.swept TO {agent}",
        ),
        ["security-definer-path warning"],
    ),
    "an aggregate that steps by a superuser's function, which the agent may not call": (
        (READ, "{resource: 'postgres.app.sums(integer)', access: execute}"),
        (GRANT_READ, *SUMS, "REVOKE EXECUTE ON FUNCTION app.step(int, int) FROM PUBLIC"),
        ["security-definer-path warning"],
    ),
    "an aggregate whose owner may not call its step": (
        (READ, "{resource: 'postgres.app.sums(integer)', access: execute}"),
        (
            GRANT_READ,
            *SUMS,
            "REVOKE EXECUTE ON FUNCTION app.step(int, int) FROM PUBLIC",
            "CREATE ROLE {other}; ALTER AGGREGATE app.sums(int) OWNER TO {other}",
        ),
        [],
    ),
    "an aggregate beside its step is said once": (
        (READ, "{resource: 'postgres.app.sums(integer)', access: execute}"),
        (GRANT_READ, *SUMS),
        ["security-definer-path warning"],
    ),
    "an aggregate that nobody may call": (
        (READ,),
        (GRANT_READ, *SUMS, "REVOKE EXECUTE ON FUNCTION app.step(int, int), app.sums(int) FROM PUBLIC"),
        [],
    ),
    "a trigger of a partition": (
        ("{resource: postgres.app.events, actions: [insert]}",),
        (PARTITIONS, RUNNER, "CREATE TRIGGER t BEFORE INSERT ON app.events_1 FOR EACH ROW EXECUTE FUNCTION app.runs()"),
        ["security-definer-path warning"],
    ),
    "a trigger of the whole is said once": (
        ("{resource: postgres.app.events, actions: [insert]}",),
        (PARTITIONS, RUNNER, "CREATE TRIGGER t AFTER INSERT ON app.events FOR EACH ROW EXECUTE FUNCTION app.runs()"),
        ["security-definer-path warning"],
    ),
    "a statement's trigger of a partition, which nobody names": (
        ("{resource: postgres.app.events, actions: [insert]}",),
        (PARTITIONS, RUNNER, "CREATE TRIGGER t BEFORE INSERT ON app.events_1 EXECUTE FUNCTION app.runs()"),
        [],
    ),
    "a trigger of an inheriting table, which an insert does not reach": (
        ("{resource: postgres.app.kinds, actions: [insert]}",),
        (
            "CREATE TABLE app.kinds (id int); CREATE TABLE app.special () INHERITS (app.kinds)",
            RUNNER,
            "GRANT INSERT ON app.kinds TO {agent}",
            "CREATE TRIGGER t BEFORE INSERT ON app.special FOR EACH ROW EXECUTE FUNCTION app.runs()",
        ),
        [],
    ),
    "a trigger of an inheriting table, which a deletion reaches": (
        ("{resource: postgres.app.kinds, actions: [select, delete]}",),
        (
            "CREATE TABLE app.kinds (id int); CREATE TABLE app.special () INHERITS (app.kinds)",
            RUNNER,
            "GRANT SELECT, DELETE ON app.kinds TO {agent}",
            "CREATE TRIGGER t BEFORE DELETE ON app.special FOR EACH ROW EXECUTE FUNCTION app.runs()",
        ),
        ["security-definer-path warning"],
    ),
    "a foreign key to a partition": (
        ("{resource: postgres.app.events, actions: [select, delete]}",),
        (
            PARTITIONS + "; GRANT SELECT, DELETE ON app.events TO {agent}; REVOKE INSERT ON app.events FROM {agent}",
            "ALTER TABLE app.events_1 ADD PRIMARY KEY (id)",
            "CREATE TABLE app.notes (event int REFERENCES app.events_1 ON DELETE CASCADE)",
        ),
        ["security-definer-path warning"],
    ),
    "foreign keys one after the other, and a trigger at the end": (
        ("{resource: postgres.app.tickets, actions: [select, delete]}",),
        (
            "GRANT SELECT, DELETE ON app.tickets TO {agent}",
            "CREATE TABLE app.notes (id int PRIMARY KEY, ticket int REFERENCES app.tickets ON DELETE CASCADE)",
            "CREATE TABLE app.files (note int REFERENCES app.notes ON DELETE SET NULL)",
            RUNNER,
            "CREATE TRIGGER t AFTER UPDATE ON app.files FOR EACH ROW EXECUTE FUNCTION app.runs()",
        ),
        ["security-definer-path warning"] * 3,
    ),
    "a trigger behind a view": (
        ("{resource: postgres.app.open_tickets, actions: [select, insert]}",),
        (
            "CREATE VIEW app.open_tickets WITH (security_barrier) AS SELECT * FROM app.tickets",
            "GRANT SELECT, INSERT ON app.open_tickets TO {agent}",
            RUNNER,
            "CREATE TRIGGER t BEFORE INSERT ON app.tickets FOR EACH ROW EXECUTE FUNCTION app.runs()",
        ),
        ["security-definer-path info", "security-definer-path info", "security-definer-path warning"],
    ),
    "a trigger behind a rule": (
        (READ, "{resource: postgres.app.inbox, actions: [insert]}"),
        (
            GRANT_READ,
            "CREATE TABLE app.inbox (id int); GRANT INSERT ON app.inbox TO {agent}",
            "CREATE RULE on_ AS ON INSERT TO app.inbox DO INSTEAD INSERT INTO app.tickets (id) VALUES (NEW.id)",
            RUNNER,
            "CREATE TRIGGER t BEFORE INSERT ON app.tickets FOR EACH ROW EXECUTE FUNCTION app.runs()",
        ),
        ["security-definer-path warning", "security-definer-path warning"],
    ),
    "a declared view whose owner has another policy": (
        (READ, "{resource: postgres.app.all_tickets, access: read-only}"),
        (
            GRANT_READ,
            "CREATE ROLE {reader}; GRANT USAGE ON SCHEMA app TO {reader}; GRANT SELECT ON app.tickets TO {reader}",
            "ALTER TABLE app.tickets ENABLE ROW LEVEL SECURITY; CREATE POLICY mine ON app.tickets TO {agent} USING (id = 1)",
            "CREATE POLICY all_ ON app.tickets TO {reader} USING (true); CREATE VIEW app.all_tickets AS SELECT * FROM app.tickets",
            "ALTER VIEW app.all_tickets OWNER TO {reader}; GRANT SELECT ON app.all_tickets TO {agent}",
        ),
        ["security-definer-path warning"],
    ),
    "a declared view whose owner has the same policies": (
        (READ, "{resource: postgres.app.all_tickets, access: read-only}"),
        (
            GRANT_READ,
            "CREATE ROLE {reader}; GRANT USAGE ON SCHEMA app TO {reader}; GRANT SELECT ON app.tickets TO {reader}",
            "ALTER TABLE app.tickets ENABLE ROW LEVEL SECURITY; CREATE POLICY mine ON app.tickets USING (id = 1)",
            "CREATE VIEW app.all_tickets AS SELECT * FROM app.tickets",
            "ALTER VIEW app.all_tickets OWNER TO {reader}; GRANT SELECT ON app.all_tickets TO {agent}",
        ),
        [],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_code_that_runs_as_somebody_else(tmp_path: Path, world: World, case: str) -> None:
    check(tmp_path, world, CASES[case])
