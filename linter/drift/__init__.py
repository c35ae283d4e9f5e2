"""Drift: what is declared held against what is granted. Planes (what is compared with what), systems asked, findings; `run` is one run."""
