"""What the exit status of every command means: one table, printed under `takeback --help`."""

from __future__ import annotations

from enum import IntEnum

from takeback.errors import IntegrityError, OutsideError, Overloaded, StoreError, TakebackError


class ExitCode(IntEnum):
    """The exit status of a command."""

    DONE = 0
    NO = 1
    INPUT = 2
    OUTSIDE = 3
    STORE = 4
    INTEGRITY = 5
    DEFECT = 70  # EX_SOFTWARE, sysexits.h
    LATER = 75  # EX_TEMPFAIL, sysexits.h: a mail server tries again
    INTERRUPTED = 130  # 128 + SIGINT
    PIPE_CLOSED = 141  # 128 + SIGPIPE


MEANING = {
    ExitCode.DONE: "done",
    ExitCode.NO: "the answer is no: something is missing, or a step did not happen",
    ExitCode.INPUT: "what was given cannot be used, is not allowed, or is not there",
    ExitCode.OUTSIDE: "another system failed or is too busy; trying again may help",
    ExitCode.STORE: "the database or the disk refused",
    ExitCode.INTEGRITY: "what is stored is not what was written",
    ExitCode.DEFECT: "a defect of Takeback: please report it",
    ExitCode.LATER: "mail that came back could not be taken in now: the mail server is to try again",
    ExitCode.INTERRUPTED: "interrupted",
    ExitCode.PIPE_CLOSED: "the reader of the output left",
}

_OF_ERROR: tuple[tuple[type[TakebackError], ExitCode], ...] = (
    (OutsideError, ExitCode.OUTSIDE),
    (Overloaded, ExitCode.OUTSIDE),
    (StoreError, ExitCode.STORE),
    (IntegrityError, ExitCode.INTEGRITY),
)


def exit_code_of(problem: TakebackError) -> ExitCode:
    """Return the exit status of an error; whatever is none of the others is about what was given."""
    return next((code for kind, code in _OF_ERROR if isinstance(problem, kind)), ExitCode.INPUT)
