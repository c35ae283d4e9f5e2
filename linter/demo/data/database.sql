-- What the database really grants. The manifest agreed to less.
CREATE ROLE shop_owner;
CREATE ROLE support_staff;
CREATE ROLE auditor LOGIN;
CREATE ROLE refund_helper LOGIN;
CREATE ROLE digest_agent LOGIN;
CREATE ROLE pricing_agent LOGIN;
CREATE SCHEMA shop AUTHORIZATION shop_owner;
CREATE SCHEMA audit AUTHORIZATION shop_owner;
SET ROLE shop_owner;
CREATE TABLE shop.customers (id int PRIMARY KEY, name text, email text, card_last4 text);
CREATE TABLE shop.orders (
    id int PRIMARY KEY, customer int REFERENCES shop.customers, status text, amount numeric, card_token text
);
CREATE TABLE shop.payouts (id int PRIMARY KEY, iban text, amount numeric);
CREATE TABLE audit.refund_runs (run_id text, order_id int, status text);
CREATE FUNCTION shop.forget_customer(who int) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog
    AS 'DELETE FROM shop.orders WHERE customer = who; DELETE FROM shop.customers WHERE id = who';
REVOKE EXECUTE ON FUNCTION shop.forget_customer FROM PUBLIC;
GRANT EXECUTE ON FUNCTION shop.forget_customer TO support_staff;
GRANT USAGE ON SCHEMA shop TO digest_agent;
GRANT SELECT (id, status) ON shop.orders TO digest_agent;
GRANT USAGE ON SCHEMA shop, audit TO refund_helper;
GRANT SELECT ON shop.customers TO refund_helper;
GRANT SELECT (id, status, amount), UPDATE (status, amount) ON shop.orders TO refund_helper;
GRANT INSERT ON audit.refund_runs TO refund_helper;
-- By hand, in an incident, and never taken back:
GRANT UPDATE (card_token) ON shop.orders TO refund_helper;
-- "Just add it to the group":
GRANT DELETE ON shop.orders TO support_staff;
-- For a dashboard:
GRANT SELECT ON shop.payouts TO PUBLIC;
RESET ROLE;
GRANT support_staff TO refund_helper;
