"""Creep: how an agreement grew. Two versions to what changed (`change`), a history of them to a story (`story`); `run` is one run."""
