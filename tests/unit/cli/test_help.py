"""What a user reads before calling anything."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from tests.unit.cli.conftest import Call
from typer.core import TyperGroup

import takeback
from takeback.cli.exit_code import ExitCode
from takeback.cli.main import Commands, app

GROUPS = {"notice", "case", "bank", "site", "page", "key"}


def _commands() -> Iterator[tuple[str, ...]]:
    root: Any = typer.main.get_command(app)
    for name in Commands.summaries:
        command = root.get_command(None, name)
        if isinstance(command, TyperGroup):
            yield from ((name, each) for each in command.commands)
        else:
            yield (name,)


COMMANDS = list(_commands())


def _examples(text: str) -> list[str]:
    after = text.rpartition("Example")[2].partition("\n")[2]
    return after.replace("\\\n", " ").strip().splitlines()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_json_and_an_example_within_80_columns(call: Call, command: tuple[str, ...]) -> None:
    done = call(*command, "--help")
    assert (done.code, done.err) == (0, "")
    assert "  --json" in done.out
    assert _examples(done.out)
    assert max(len(line) for line in done.out.splitlines()) <= 80


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_example_is_a_call_that_is_understood(call: Call, command: tuple[str, ...]) -> None:
    for example in _examples(call(*command, "--help").out):
        assert example.split()[:1] in (["takeback"], ["TAKEBACK_KEY=…"])
        arguments = shlex.split(re.split(r"[|>]", example)[0])[1:]
        assert arguments[: len(command)] == list(command) or command == ("notice", "send")
        root: Any = typer.main.get_command(app)
        context = root.make_context("takeback", list(arguments))
        while isinstance(context.command, TyperGroup):
            rest = [*context._protected_args, *context.args]
            name, found, rest = context.command.resolve_command(context, rest)
            assert found is not None
            context = found.make_context(name, rest, parent=context)


@pytest.mark.parametrize("name", sorted(GROUPS))
def test_every_group_names_its_commands_and_has_an_example(call: Call, name: str) -> None:
    done = call(name, "--help")
    assert (done.code, done.err) == (0, "")
    assert "Commands:" in done.out
    assert "..." not in done.out.partition("Commands:")[2]
    assert _examples(done.out)
    assert max(len(line) for line in done.out.splitlines()) <= 80


@pytest.mark.parametrize("name", Commands.summaries)
def test_the_table_of_commands_says_what_each_says_of_itself(call: Call, name: str) -> None:
    own = " ".join(call(name, "--help").out.split("\n\n")[1].split())
    assert own == Commands.summaries[name]


def test_the_help_lists_every_command_and_every_exit_code(call: Call) -> None:
    done = call("--help")
    assert done.code == 0
    for name in Commands.summaries:
        assert f"\n  {name} " in done.out
    for code in ExitCode:
        assert f"\n  {code.value:>5}  " in done.out
    assert call().out == done.out + "\n" or call().out == done.out


def test_a_command_that_is_written_wrong_is_answered_with_the_nearest(call: Call) -> None:
    done = call("mach")
    assert done.code == ExitCode.INPUT
    assert "Did you mean 'match'?" in done.err


def test_the_version_is_the_packages(call: Call) -> None:
    assert call("--version").out == f"takeback {takeback.__version__}\n"


def test_help_loads_nothing_that_it_does_not_need() -> None:
    code = (
        "import sys; from takeback.cli.run import run; run(sys.argv[1:]); print(sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True)
    for heavy in ("numpy", "sqlalchemy", "pydantic", "fastapi", "PIL", "httpcore", "takeback.store"):
        assert f"'{heavy}'" not in done.stderr
