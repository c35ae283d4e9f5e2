"""API keys: one small module a provider, and what they share. `docs/adding-a-provider.md` says how to add one."""
