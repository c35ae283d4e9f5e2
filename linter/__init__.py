"""permlint: what an AI agent was agreed to touch, held against what is real. See ARCHITECTURE.md for the map."""

__version__ = "0.1.0"
