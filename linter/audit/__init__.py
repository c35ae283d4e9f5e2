"""The audit of scopes that `permlint report` writes: who may do what, what is really granted, and what a reviewer decides of it."""
