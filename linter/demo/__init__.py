"""`permlint demo`: a small company in a temporary folder, and permlint's own commands run on it."""


class Impossible(Exception):
    """Why there can be no demo here: a sentence, with what would help."""
