"""Run one command, and turn whatever happens into words on stderr and an exit code."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from traceback import extract_tb

import typer

from takeback.cli.exit_code import ExitCode, exit_code_of
from takeback.cli.main import app
from takeback.cli.terminal import complain
from takeback.config import KERNEL_VARIABLE
from takeback.errors import BadSetting, InputError, TakebackError

_PLACES = 4
"""Places in the code that a defect names: enough to find it."""


def run(arguments: Sequence[str]) -> int:
    """Run `takeback ARGUMENTS…` and return its exit code; no exception passes."""
    as_json = "--json" in arguments
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # no character is worth a failure
    try:
        try:
            code = _called(arguments)
            sys.stdout.flush()
            return code
        except typer.TyperException as problem:
            complain(_of_usage(problem), as_json=as_json)
            return ExitCode.INPUT
        except TakebackError as problem:
            complain(problem, as_json=as_json)
            return exit_code_of(problem)
    except BrokenPipeError:
        _drop_stdout()
        return ExitCode.PIPE_CLOSED
    except (KeyboardInterrupt, typer.Abort):
        return ExitCode.INTERRUPTED
    except ImportError as problem:
        complain(_of_kernel(problem), as_json=as_json)
        return ExitCode.INPUT
    except Exception as problem:
        complain(_of_defect(problem), as_json=as_json)
        return ExitCode.DEFECT


def _called(arguments: Sequence[str]) -> int:
    command = typer.main.get_command(app)
    try:
        code = command.main(list(arguments), prog_name="takeback", standalone_mode=False)
    except SystemExit as leaving:
        # Typer leaves with 1 when a pipe is closed, and 1 is an answer here.
        if isinstance(leaving.__context__, BrokenPipeError):
            raise leaving.__context__ from None
        raise
    return code if isinstance(code, int) else ExitCode.DONE


def _of_usage(problem: typer.TyperException) -> InputError:
    context = getattr(problem, "ctx", None)
    path = "takeback" if context is None else context.command_path
    return InputError(problem.format_message(), advice=f"`{path} --help` says how it is called.")


def _of_kernel(problem: ImportError) -> TakebackError:
    """The kernel cannot be loaded as the environment asks; its own words name what this machine has."""
    if KERNEL_VARIABLE not in str(problem):
        return _of_defect(problem)
    return BadSetting(str(problem), advice="It changes how fast the answers come, never what they are.")


def _of_defect(problem: Exception) -> TakebackError:
    # Where, never what: the exception's own text may hold a person's words.
    places = [f"{os.path.basename(frame.filename)}:{frame.lineno}" for frame in extract_tb(problem.__traceback__)]
    return TakebackError(
        f"Takeback failed where it should not have: {type(problem).__name__} at {' > '.join(places[-_PLACES:])}."
    )


def _drop_stdout() -> None:
    """Let what is still buffered go nowhere, so that the interpreter does not complain at its end."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
