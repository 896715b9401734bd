"""Commands that are loaded when they are called, and help that fits 80 columns."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from keyword import iskeyword
from typing import TYPE_CHECKING, Any, ClassVar

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup

if TYPE_CHECKING:
    from typer._click import Command, Context, HelpFormatter


class PlainCommand(TyperCommand):
    """A command whose help names its arguments, not their Python types."""

    def collect_usage_pieces(self, ctx: Context) -> list[str]:
        """Return what follows the command's name in its usage line."""
        return ["[OPTIONS]", *(_in_usage(each) for each in self.get_params(ctx) if isinstance(each, TyperArgument))]

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write arguments and options."""
        parameters = self.get_params(ctx)
        arguments = [(_name(each), each.help or "") for each in parameters if isinstance(each, TyperArgument)]
        records = [each.get_help_record(ctx) for each in parameters if not isinstance(each, TyperArgument)]
        for title, rows in (("Arguments", arguments), ("Options", [record for record in records if record])):
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


def _name(argument: TyperArgument) -> str:
    return argument.metavar or (argument.name or "").upper()


def _in_usage(argument: TyperArgument) -> str:
    name = _name(argument) if argument.required else f"[{_name(argument)}]"
    return name if argument.nargs == 1 else f"{name}..."


class PlainGroup(TyperGroup):
    """A group whose help shows the first paragraph of each command's own, whole."""

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write name and first paragraph of each command."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, _summary(command)) for name, command in commands if command is not None])


def _summary(command: Command) -> str:
    return command.short_help or " ".join((command.help or "").partition("\n\n")[0].split())


class LazyGroup(TyperGroup):
    """A group whose commands are in a table, `name -> one line of help`, and in modules of that name (`import_`)."""

    summaries: ClassVar[Mapping[str, str]] = {}
    package = ""

    def list_commands(self, ctx: Context) -> list[str]:
        """Return every command's name, in the table's order."""
        return list(self.summaries)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """Load one command; None where there is none of that name."""
        if cmd_name not in self.summaries:
            return None
        if cmd_name not in self.commands:
            # A word of Python's own cannot be a module's name, as PEP 8 has it for every name.
            module = import_module(f"{self.package}.{cmd_name}{'_' if iskeyword(cmd_name) else ''}")
            self.commands[cmd_name] = typer.main.get_command(module.app)
            self.commands[cmd_name].name = cmd_name
        return self.commands[cmd_name]

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Command | None, list[str]]:
        """Find the command; a name that is written wrong is answered with the nearest one."""
        if args[0] not in self.summaries and not args[0].startswith("-"):
            near = get_close_matches(args[0], self.summaries, n=1)
            ctx.fail(f"There is no command {args[0]!r}." + "".join(f" Did you mean {name!r}?" for name in near))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the table; nothing is loaded for it."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.summaries.items()))


class DefaultGroup(PlainGroup):
    """A group one of whose commands is meant where none is named."""

    default = ""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Put the default command before arguments that begin with none."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [self.default, *args]
        return super().parse_args(ctx, args)


def new_app(**settings: Any) -> typer.Typer:
    """Return an application in the house's manner: plain help, no traceback with values in it."""
    return typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, **settings)
