"""git -> dated manifests: every manifest's versions through history, by whom, when and in which words.

`git.py` finds the repository and runs git, `log.py` reads one `git log`, `objects.py` one `git cat-file`, `graph.py` makes
versions of what they say, `contents.py` makes manifests of blobs, `read.py` has what commands call.
"""
