"""`permlint creep`."""

from __future__ import annotations

import os

import click

from linter.catalogue import BadRule
from linter.checking import select
from linter.cli.options import Common, common, emit
from linter.config import BadConfig, load
from linter.creep.range import Range
from linter.creep.run import creep, judge
from linter.outcome import InputError, Outcome
from linter.rulesets import ruleset


@click.command("creep")
@click.argument("paths", nargs=-1, metavar="[PATH...]", type=click.Path())
@click.option("--since", metavar="DATE|REV", help="Tell what came after a date, revision or tag.")
@click.option("--until", metavar="DATE|REV", help="Tell nothing later than a date, revision or tag.")
@click.option(
    "--from",
    "start",
    type=click.Choice(("first", "last-review")),
    help="Measure the distance from the first version, or from the last one that was signed, and tell only what came after it.",
)
@click.option(
    "--first-parent",
    is_flag=True,
    help="Tell a merge as one step, not the commits of its branch; who reviewed what it brought is then not judged.",
)
@click.option("--base", metavar="REV", help="Tell only what HEAD's branch did since it left REV: a pull request.")
@click.option("--staged", is_flag=True, help="Judge the commit that is about to be made: for the hook permlint-creep.")
@common
def command(
    common: Common,
    paths: tuple[str, ...],
    since: str | None,
    until: str | None,
    start: str | None,
    first_parent: bool,
    base: str | None,
    staged: bool,
) -> int:
    """Tell how each agent's agreement grew: what was first agreed, every change to it, by whom, and how far it has come.

    PATH is a manifest or a folder to search; without PATH, every manifest that the configured globs match. Versions are
    compared by meaning: order, comments, quoting and other words for the same permissions are no change.

    \b
    +  widened             -  narrowed        !  a safety was taken away
    ~  cannot be compared  =  reviewed

    \b
    permlint creep                                 the whole story of every manifest
    permlint creep --from last-review              what nobody has signed yet
    permlint creep --since v1.4 agents/triage/     since a release
    permlint creep --base origin/main --format markdown --output comment.md
    permlint creep --staged                        in a pre-commit hook

    A finding names the line that stands now and the commit that brought it. A widening is agreed to when `reviewed.digest` is
    the digest after it; `permlint review sign PATH` writes it. In a commit (--staged) a widening needs a `justification` of its
    own beside the resource, and in production such a review; no option lets it through.

    A commit is judged by HEAD's configuration, a branch by the one that REV has now, over the manifests that it or the new one
    collects: what a change excludes or turns off holds from the next one on. With --config FILE that file judges. What
    --staged reads is staged, acceptances included, whatever lies in the working tree. Git tells no hook that a commit is amended:
    `git commit --amend` is judged against the commit that it replaces, and what it widens beyond that needs other words.
    """
    asked = Range(since, until, start, first_parent, base, staged)
    if staged and asked._replace(staged=False) != Range():
        raise click.UsageError("--staged is one commit: it takes no --since, --until, --from, --first-parent or --base")
    if base is not None and (since or until or first_parent):
        raise click.UsageError("--base says where the range begins: it takes no --since, --until or --first-parent")
    folder = os.getcwd()
    try:
        config = load(common.config_file, folder)
        if asked.partial:
            outcome = judge(config, paths, folder, common.as_of, asked, given=common.config_file is not None)
        else:
            selection = select(config, paths, folder, force_exclude=False)
            outcome = creep(config, ruleset(config, "creep"), selection, common.as_of, asked)
    except (BadConfig, BadRule) as error:
        unread = InputError(error.path, error.line, 1, error.message)
        outcome = Outcome("creep", common.as_of, (), (), (unread,), 0, {})
    return emit(outcome, common)
