"""One run of `permlint creep`: over all of history, or of what a commit or a branch would bring."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from linter.checking import Selection, select
from linter.creep.gate import INDEX, Gate, config_at, gate
from linter.creep.range import Range
from linter.creep.telling import Telling
from linter.exits import Exit
from linter.history.git import Repository, open_repository
from linter.history.model import HistoryError
from linter.history.read import branch
from linter.history.staged import Index
from linter.history.tip import Tip
from linter.outcome import Outcome
from linter.rulesets import Ruleset, ruleset

if TYPE_CHECKING:
    from datetime import date

    from linter.config import Config


def creep(config: "Config", rules: Ruleset, selection: Selection, as_of: "date", asked: Range) -> Outcome:
    """Tell and check how the selected manifests grew; a commit or a branch: `judge`."""
    run = Telling(config, rules, selection, as_of, asked)
    try:
        with open_repository(config.root) as repository:
            _see_working_tree(repository)
            run.tell(repository)
    except HistoryError as error:
        run.fail(error)
    return run.outcome()


def judge(config: "Config", paths: Sequence[str], folder: str, as_of: "date", asked: Range, *, given: bool) -> Outcome:
    """Tell and check what a commit or a branch (`asked.partial`) would bring.

    Args:
        config: the working tree's, or the one that was named.
        folder: where the run starts, absolute.
        given: whether it was named, and so judges whatever the change does.

    Raises:
        BadConfig, BadRule: a configuration cannot be used.
    """
    try:
        with open_repository(folder) as repository:
            _see_working_tree(repository)
            run = _gated(repository, config, paths, folder, as_of, asked, given=given)
            try:
                run.tell(repository)
            except HistoryError as error:
                run.fail(error)
            return run.outcome()
    except HistoryError as error:
        nothing = Selection((), (), (), whole=False, by_name=False)
        run = Telling(config, ruleset(config, "creep"), nothing, as_of, asked)
        run.fail(error)
        return run.outcome()


def _see_working_tree(repository: Repository) -> None:
    if repository.bare:
        message = f"{repository.top} is a bare repository: run permlint in a clone or in what `git worktree add` makes"
        raise HistoryError(message, Exit.UNCHECKED)


def _gated(
    repository: Repository,
    config: "Config",
    paths: Sequence[str],
    folder: str,
    as_of: "date",
    asked: Range,
    *,
    given: bool,
) -> Telling:
    index = Index(repository) if asked.staged else None
    span = branch(repository, asked.base) if asked.base is not None else None
    doors = Gate(config, config, config)
    if not given and span is not None:
        base = repository.commit(asked.base or "")
        doors = gate(repository, base or INDEX, span.start or INDEX, folder, config, "this branch")
    elif not given:
        config = config_at(repository, INDEX, folder)
        head = repository.commit("HEAD") or INDEX
        doors = gate(repository, head, head, folder, config, "this commit")
    config = doors.judging
    repository.move(config.root)
    source = index or Tip(repository)
    selection = select(config, paths, folder, force_exclude=False, find=source.find)
    if index is not None and not paths:
        selection = selection._replace(unmatched=())  # a commit may retire the last agent, or come before the first
    return Telling(config, ruleset(config, "creep"), selection, as_of, asked, doors, source, span)
