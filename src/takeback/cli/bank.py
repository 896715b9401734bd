"""`takeback bank`."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import datetime
from itertools import batched
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from takeback.bank import Opinion, Thresholds
from takeback.calibration import TARGET, Calibration
from takeback.cases.notice import Level
from takeback.cli.calibrate import calibrate_by
from takeback.cli.exit_code import ExitCode
from takeback.cli.lazy import PlainCommand, PlainGroup, new_app
from takeback.cli.options import AsJson, example
from takeback.cli.pictures import files_below, picture_reader
from takeback.cli.reported import Give, as_pictures, describer_for
from takeback.cli.server import DEFAULT_SERVER, KeyFile, Server, ServerUrl
from takeback.cli.terminal import Terminal
from takeback.config import load_settings
from takeback.errors import InputError
from takeback.service.prints import PictureIn
from takeback.workflow.picture import reported_of

_BATCH = {Level.FINGERPRINT: 100, Level.DESCRIPTOR: 100, Level.FEATURES: 15}
"""Pictures in one request: at most about 800 KiB of the 1 MiB that one may have."""

BankName = Annotated[str, typer.Argument(metavar="NAME", help="The bank's name.")]

Calibrated = Annotated[
    Path | None,
    typer.Option("--calibration", metavar="FILE", help="Take the thresholds of `takeback bank calibrate --write`."),
]

app = new_app(
    cls=PlainGroup,
    help="List, make and fill banks on a running Takeback.\n\n"
    "A bank is what is looked for beside the notices. Listing needs a key of role moderator, the rest of role "
    "administrator.",
    epilog=example("TAKEBACK_KEY=… takeback bank list"),
)


@app.command("list", cls=PlainCommand, epilog=example("takeback bank list --key-file ~/moderator.key"))
def list_(server: ServerUrl = DEFAULT_SERVER, key_file: KeyFile = None, as_json: AsJson = False) -> None:
    """List the banks with their thresholds, in bits of 256."""
    terminal = Terminal(as_json)
    banks = Server.with_key(server, key_file).get("/api/v1/banks")
    if as_json:
        terminal.json(banks)
        return
    columns = ("name", "entries", "same_bits", "possible_bits", "blind_bits")
    titles = ("name", "entries", "same up to", "possible up to", "blind up to", "")
    terminal.table(titles, [[*(bank[column] for column in columns), _state(bank["enabled_ratio"])] for bank in banks])


def _state(ratio: float) -> str:
    """Say what is not usual: a bank that is off, or a matter of chance for clients of HMA's."""
    return "off" if ratio == 0 else "" if ratio == 1 else f"{ratio:.0%} for HMA's clients"


@app.command("new", cls=PlainCommand, epilog=example("takeback bank new known --key-file ~/admin.key"))
def new(
    name: BankName,
    same: Annotated[
        int, typer.Option("--same", metavar="BITS", help="Up to here substantially the same.")
    ] = Thresholds().same_bits,
    possible: Annotated[
        int, typer.Option("--possible", metavar="BITS", help="Up to here possible: a person decides.")
    ] = Thresholds().possible_bits,
    blind: Annotated[
        int, typer.Option("--blind", metavar="BITS", help="Up to here a copy can be confirmed without looking.")
    ] = Thresholds().blind_bits,
    calibration: Calibrated = None,
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a bank with its own thresholds, in bits of 256, or with those of a calibration."""
    terminal = Terminal(as_json)
    body: dict[str, object] = {"name": name, "same_bits": same, "possible_bits": possible, "blind_bits": blind}
    if calibration is not None:
        body = {"name": name, **asdict(_read_calibration(calibration).thresholds)}
    bank = Server.with_key(server, key_file).post("/api/v1/banks", body)
    if as_json:
        terminal.json(bank)
    else:
        terminal.line(f"The bank {bank['name']} is made.")


@app.command(
    "set",
    cls=PlainCommand,
    epilog=example("takeback bank set notices --calibration own.toml --key-file ~/admin.key"),
)
def set_(
    name: BankName,
    calibration: Annotated[
        Path, typer.Option("--calibration", metavar="FILE", help="What `takeback bank calibrate --write` wrote.")
    ],
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Give a bank the thresholds of a calibration; they count from the next upload on."""
    terminal = Terminal(as_json)
    body = asdict(_read_calibration(calibration).thresholds)
    bank = Server.with_key(server, key_file).put(f"/api/v1/banks/{quote(name, safe='')}/thresholds", body)
    if as_json:
        terminal.json(bank)
    else:
        terminal.line(f"The bank {bank['name']} has the thresholds of {calibration}.")


@app.command(
    "calibrate",
    cls=PlainCommand,
    epilog=example("takeback bank calibrate /var/forum/pictures --write calibration.toml"),
)
def calibrate(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Different pictures, or folders of them.")],
    write: Annotated[
        Path | None, typer.Option("--write", metavar="FILE", help="Where the calibration is written.")
    ] = None,
    target: Annotated[
        float,
        typer.Option("--target", metavar="SHARE", min=0.0, max=0.01, help="Of different pairs that may be possible."),
    ] = TARGET,
    as_json: AsJson = False,
) -> None:
    """
    Set thresholds by your own pictures, of which no two are copies. Needs no server, and sends nothing.

    Every picture is compared with every other as an upload is. Says how near different ones come, and how often
    they would be called copies at most. No threshold becomes looser than the default. A few hundred pictures, of
    the kind that your site stores, take a few minutes; then `takeback bank set NAME --calibration FILE`.
    """
    terminal = Terminal(as_json)
    found = calibrate_by(terminal, files, target=target)
    if write is not None:
        _write(write, found)
    if as_json:
        terminal.json({**asdict(found), "made_on": found.made_on.isoformat()})
        return
    defaults, thresholds = asdict(Thresholds()), asdict(found.thresholds)
    terminal.table(("threshold", "default", "here"), [[each, defaults[each], thresholds[each]] for each in thresholds])
    terminal.line()
    terminal.line(f"{found.pairs:,} pairs of {found.pictures} different pictures: at least {found.nearest_bits} bits")
    terminal.line(
        f"apart, descriptor at most {found.highest_similarity:.2f}, {found.most_inliers} details agree at most."
    )
    terminal.line(f"substantially the same: {found.same}, at most {found.same_at_most:.1e} of such pairs (95 %)")
    terminal.line(f"possible: {found.possible}, at most {found.possible_at_most:.1e} of such pairs (95 %)")


def _write(path: Path, found: Calibration) -> None:
    try:
        path.write_text(found.to_toml(), "utf-8")
    except OSError as problem:
        raise InputError(f"{path} cannot be written: {problem.strerror}.", advice="Choose another file.") from problem


def _read_calibration(path: Path) -> Calibration:
    try:
        return Calibration.from_toml(path.read_text("utf-8"))
    except OSError as problem:
        raise InputError(f"{path} cannot be read: {problem.strerror}.", advice="Check the name.") from problem
    except UnicodeDecodeError as problem:
        raise InputError(f"{path} is not text in UTF-8.", advice="Name a calibration.") from problem


@app.command(
    "add",
    cls=PlainCommand,
    epilog=example("takeback bank add known originals/ --source archive --key-file ~/admin.key"),
)
def add(
    name: BankName,
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Pictures, or folders of them.")],
    source: Annotated[str, typer.Option("--source", metavar="TEXT", help="Who says so; the audit log names it.")],
    opinion: Annotated[
        Opinion,
        typer.Option(
            "--opinion",
            metavar="positive|negative|disputed",
            help="To be found, never to be matched, or for a person to decide.",
        ),
    ] = Opinion.POSITIVE,
    expires: Annotated[
        datetime | None, typer.Option("--expires", metavar="DATE", help="Until when, in UTC: 2027-01-31.")
    ] = None,
    give: Give = Level.DESCRIPTOR,
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """
    Put pictures into a bank. They are hashed here; only fingerprints and digests are sent.

    What an operator puts in counts as decided: from then on it is refused at upload. Exit code 2 where a
    file could not be read; the others are added all the same.
    """
    terminal = Terminal(as_json)
    to = Server.with_key(server, key_file)
    pictures, unread = _hashed(terminal, files_below(files), give)
    terms = {
        "opinion": opinion.value,
        "source": source,
        "expires_at": None if expires is None else f"{expires.isoformat()}Z",
    }
    entries: list[str] = []
    for batch in batched(pictures, _BATCH[give]):
        sent = [each.model_dump(exclude_none=True, exclude={"orientations"}) for each in batch]
        entries += to.post(f"/api/v1/banks/{quote(name, safe='')}/entries", {"pictures": sent, **terms})["entries"]
    if as_json:
        terminal.json({"entries": entries, "unread": unread})
    else:
        terminal.line(f"{len(entries)} entries are added to {name}.")
    if unread:
        raise typer.Exit(ExitCode.INPUT)


@app.command("quarantine", cls=PlainCommand, epilog=example("takeback bank quarantine --key-file ~/moderator.key"))
def quarantine(
    release: Annotated[
        str | None, typer.Option("--release", metavar="ENTRY", help="Let this entry match again as before.")
    ] = None,
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """
    List the entries in quarantine, or release one.

    An entry that suddenly matches many different uploads is doubted: until a person releases it, its matches are
    only possible, and hold and refuse nothing. Needs a key of role moderator.
    """
    terminal = Terminal(as_json)
    to = Server.with_key(server, key_file)
    if release is not None:
        to.post(f"/api/v1/banks/entries/{quote(release, safe='')}/release", {})
        terminal.json({"released": release}) if as_json else terminal.line(f"{release} matches again.")
        return
    found = to.get("/api/v1/banks/quarantine")
    if as_json:
        terminal.json(found)
        return
    terminal.table(
        ("entry", "bank", "source", "since"),
        [[each[name] for name in ("entry", "bank", "source", "since")] for each in found],
    )


def _hashed(terminal: Terminal, paths: list[Path], give: Level) -> tuple[list[PictureIn], list[str]]:
    pictures, unread = [], []
    describer, missing = describer_for(give, load_settings({}, os.environ))
    if missing is not None:
        terminal.say(missing)
    with picture_reader() as reader, terminal.progress("Hashing", len(paths)) as step:
        for read in reader.each(paths, lambda decoder, data: reported_of(decoder.looked_at(data), give, describer)):
            if read.value is not None:
                pictures += as_pictures(read.value)
            elif read.problem is not None:
                unread.append(str(read.path))
                terminal.say(f"Skipped {read.path}: {read.problem.message}")
            step()
    return pictures, unread
