"""git -> dated manifests: every manifest's versions through history, by whom, when and in which words.

`read.py` and `staged.py` have what commands call, and `model.py` what they get. Below them: `git.py` finds the repository and
runs git, `objects.py` holds one `git cat-file`; `log.py` reads one `git log` of the files that `paths.py` chooses, `parents.py`
and `births.py` complete it, `graph.py` walks it, `pairing.py` follows a manifest from file to file, `contents.py` makes manifests
of blobs, and `assembly.py` makes versions and lines of all that. `span.py` knows from when to when,
`witness.py` whom a commit names and who signed it.
"""
