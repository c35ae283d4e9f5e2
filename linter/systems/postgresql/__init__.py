"""PostgreSQL: what a role can really do. A scan of one database's catalog is a `Snapshot`; from it, `effective` is computed purely."""
