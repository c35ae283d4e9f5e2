"""Findings to text, JSON, SARIF: pure functions of an `Outcome`, one module a format."""
