"""`python -m linter` is `permlint`."""

from linter.cli import main

main()
