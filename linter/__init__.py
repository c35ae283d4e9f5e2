"""permlint: what an AI agent was agreed to touch, held against what is real. CONTRIBUTING.md has the map."""

__version__ = "0.1.0"
