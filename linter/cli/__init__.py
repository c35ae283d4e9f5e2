"""The command line. A command's module is imported when it runs, so that the hook starts fast."""

from __future__ import annotations

import gc

gc.disable()  # a run is short and makes no cycles: collecting while importing costs 3 ms of 50

import errno  # noqa: E402
import io  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
from typing import Any  # noqa: E402

import click  # noqa: E402

from linter import __version__  # noqa: E402
from linter.exits import Exit, where  # noqa: E402

COMMANDS = {
    "check": "Lint permission manifests.",
    "creep": "Tell how the agreements grew, commit by commit.",
    "report": "Write the report that a security reviewer signs.",
    "review": "Sign what a manifest agrees to, or record what was decided.",
    "drift": "Compare manifests with what is really granted.",
    "systems": "List the configured systems, and whether they can be asked.",
    "init": "Write a first manifest for an agent.",
    "accept": "Accept findings as they are, until a day.",
    "rules": "List the rules.",
    "explain": "Explain a rule, or one finding.",
    "demo": "Show all this on a small company of its own.",
}
"""Command -> one line for `permlint --help`; `linter/cli/<command>.py` has it as `command`."""


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""What a disk says that takes no more."""


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        command: click.Command = import_module(f"linter.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"No such command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem

        names = [CompletionItem(name, help=line) for name, line in COMMANDS.items() if name.startswith(incomplete)]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]  # and its options

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # Without importing every command's module for one line of help.
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="permlint")
def group() -> None:
    """permlint holds what an AI agent may touch, one YAML manifest an agent, against what is real.

    \b
    permlint check              lint every manifest below the project's root
    permlint check agents/      lint those in a folder
    permlint creep              tell how each agent's permissions grew, from git
    permlint drift              compare them with what databases really grant
    permlint check --help       all options
    permlint explain NAME       a rule's page, or one finding's story

    Completion for bash (also zsh, fish): eval "$(_PERMLINT_COMPLETE=bash_source permlint)"

    Exit status: 0 clean, 1 findings, 2 input or usage that cannot be read, 3 something asked for could not be checked.
    """


def main() -> None:
    """The entry point of the `permlint` command: runs it and exits, never with a traceback."""
    status = run(sys.argv[1:])
    gc.freeze()  # at its end the interpreter collects once more: 60 ms after a large `drift`, for nothing
    sys.exit(status)


def run(arguments: list[str]) -> int:
    """Run the command line; the exit status."""
    try:
        _prepare_output()
        if "_PERMLINT_COMPLETE" in os.environ:
            group.main(arguments, prog_name="permlint")  # prints what the shell asks for, and exits
        try:
            # Not `group.main`: it ends a run whose output pipe is closed with 1, as if there were findings.
            with group.make_context("permlint", arguments) as context:
                result = group.invoke(context)
        except click.exceptions.Exit as end:
            result = end.exit_code
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return Exit.USAGE
    except (KeyboardInterrupt, click.exceptions.Abort):
        click.echo("permlint: interrupted", err=True)
        return Exit.INTERRUPTED
    except BrokenPipeError:  # whoever read the output has had enough
        _give_up_output()
        return Exit.CLOSED_PIPE
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _FULL:
            _give_up_output()
            click.echo(f"permlint: the output cannot be written: {os.strerror(error.errno)}", err=True)
            return Exit.USAGE
        click.echo(
            f"permlint: internal error: {where(error)}. This is a bug of permlint's own; please report it.", err=True
        )
        return Exit.INTERNAL
    status = result if isinstance(result, int) else Exit.CLEAN
    if isinstance(sys.stdout, _Closed) and sys.stdout.lost:
        click.echo("permlint: the output cannot be written: standard output is closed", err=True)
        return Exit.UNCHECKED if status == Exit.CLEAN else status
    return status


class _Closed(io.TextIOWrapper):
    """Standard output that whoever started this run has closed."""

    lost = False
    """Whether anything was printed."""

    def write(self, text: str) -> int:
        self.lost = self.lost or bool(text)
        return len(text)


def _prepare_output() -> None:
    if sys.stdout is None:
        sys.stdout = _Closed(open(os.devnull, "wb"))  # noqa: SIM115 - open as long as the run: no other file becomes stream 1
    # A path may hold bytes that no encoding has; printing it must not fail.
    for stream in (sys.stdout, sys.stderr):
        reconfigure: Any = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")


def _give_up_output() -> None:
    """What is left to print goes nowhere. Python would complain once more at its own exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
