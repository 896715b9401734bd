"""`takeback verify`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from takeback.audit.note import KeyType, Signature, VerifierKey
from takeback.audit.receipt import MAX_PROOF_CHARACTERS, Proof, Proven, verify_proof
from takeback.bundle.offline import Believed
from takeback.cli.bundle_files import verify_bundle
from takeback.cli.data import opened
from takeback.cli.exit_code import ExitCode
from takeback.cli.history import check_history, key_of, witnesses_of
from takeback.cli.lazy import PlainCommand, new_app
from takeback.cli.moments import in_words, read_moment
from takeback.cli.options import AsJson, Data, MasterKeyFile, example
from takeback.cli.server import Server
from takeback.cli.terminal import Terminal
from takeback.errors import InputError, LogBroken, ProofBroken
from takeback.workflow.verify import verify as verify_store

app = new_app()


@app.command(
    cls=PlainCommand,
    epilog=example(
        "takeback verify --data /var/lib/takeback",
        "takeback verify notice_received.tlog-proof --service https://forum.example",
        "takeback verify record.zip --service https://forum.example",
    ),
)
def verify(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE",
            help="Proofs or evidence bundles (.zip) that someone brings. Left out: the logs of a data directory.",
        ),
    ] = None,
    log_key: Annotated[
        str, typer.Option("--log-key", metavar="KEY", help="The log's key, from elsewhere than the proof.")
    ] = "",
    witnesses: Annotated[
        list[str] | None,
        typer.Option("--witness", metavar="KEY", help="Key of a witness that has to have signed; repeatable."),
    ] = None,
    bundle_key: Annotated[
        str, typer.Option("--bundle-key", metavar="KEY", help="Of a bundle, the key it is signed with, from elsewhere.")
    ] = "",
    timestamp_root: Annotated[
        str,
        typer.Option("--timestamp-root", metavar="FILE", help="Of a bundle, certificates (PEM) that you believe."),
    ] = "",
    service: Annotated[
        str, typer.Option("--service", metavar="URL", help="Compare with what this Takeback shows now.")
    ] = "",
    data: Data = None,
    master_key_file: MasterKeyFile = None,
    as_json: AsJson = False,
) -> None:
    """
    Check the logs of a data directory, or the proofs and evidence bundles that someone brings.

    Of a data directory: each entry is checked against its commitment, the chain against the entry before it, the
    whole against the signed head, and both against the public log. Works beside a running service. Of a proof: what
    it says, that it stood in the public log by then, and who signed; without a service, but for --service, which also
    finds a log that shows different people different things. Of a bundle: every file, who signed it, and each proof in
    it, as verify.py inside it does. Exit code 5 where anything was changed.
    """
    terminal = Terminal(as_json)
    keys = [_witness_key(each) for each in witnesses or ()]
    bundles, proofs = _sorted(files or ())
    if bundles:
        believed = _believed(bundle_key, log_key, service)
        believed = believed._replace(timestamp_root=timestamp_root, witnesses=[str(each) for each in keys])
        _verify_bundles(terminal, bundles, believed)
    if proofs:
        _verify_files(terminal, proofs, VerifierKey.parse(log_key) if log_key else None, keys, service)
    if files:
        return
    if log_key or bundle_key or witnesses or service:
        raise InputError("--log-key, --bundle-key, --witness and --service are for files.", advice="Name the files.")
    _verify_data(terminal, data, master_key_file)


def _witness_key(text: str) -> VerifierKey:
    key = VerifierKey.parse(text)
    if key.type is not KeyType.WITNESS:
        raise InputError("This is the key of a log, not of a witness.", advice="Ask the witness for its witness key.")
    return key


def _sorted(files: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Return bundles and proofs."""
    bundles = [path for path in files if path.suffix.lower() == ".zip"]
    return bundles, [path for path in files if path not in bundles]


def _believed(bundle_key: str, log_key: str, service: str) -> Believed:
    """Return whom the reader believes: the keys that they named, else those that the service shows now."""
    shown = Server(service).get("/api/v1/log/keys") if service else {}
    return Believed(
        bundle_key or str(shown.get("bundle", "")),
        log_key or str(shown.get("log", "")),
        known_witnesses=[str(each) for each in shown.get("witnesses", ())],
    )


def _verify_bundles(terminal: Terminal, files: Sequence[Path], believed: Believed) -> None:
    """Check each bundle, say what holds, and fail in the end if one did not."""
    broken = False
    for path in files:
        try:
            said = verify_bundle(path, believed)
        except ProofBroken as problem:
            broken = True
            if terminal.as_json:
                terminal.json({"file": str(path), "verified": False, "why": problem.message})
            else:
                terminal.line(f"{path}: this bundle does not verify. {problem.message}")
            continue
        if terminal.as_json:
            pinned = bool(believed.bundle_key)
            terminal.json({"file": str(path), "verified": True, "said": said, "key_pinned": pinned})
        else:
            terminal.line(f"{path}: verifies.")
            for sentence in said:
                terminal.line(f"  {sentence}")
    if broken:
        raise typer.Exit(ExitCode.INTEGRITY)


def _verify_data(terminal: Terminal, data: Path | None, master_key_file: str | None) -> None:
    with opened(data, master_key_file) as store:
        try:
            with terminal.progress("Checking the logs", total=None):
                found = verify_store(store)
        except LogBroken as problem:
            _broken(terminal, problem)
            raise typer.Exit(ExitCode.INTEGRITY) from None
    if terminal.as_json:
        terminal.json({"verified": True, **asdict(found), "first_broken": None, "why": None})
        return
    terminal.line(f"The audit log is whole: {found.entries:,} entries verify.")
    if found.periods:
        terminal.line(f"The public log too: {found.periods:,} entries, {found.attestations:,} attestations.")


def _broken(terminal: Terminal, problem: LogBroken) -> None:
    if terminal.as_json:
        nothing = {"entries": None, "attestations": None, "periods": None}
        terminal.json({"verified": False, **nothing, "first_broken": problem.index, "why": problem.message})
        return
    terminal.line(f"The log does not verify. {problem.message}")
    terminal.say(problem.advice)


def _verify_files(
    terminal: Terminal, files: Sequence[Path], log: VerifierKey | None, witnesses: Sequence[VerifierKey], service: str
) -> None:
    """Check each file, say what each proves, and fail in the end if one did not."""
    server = Server(service) if service else None
    known = list(witnesses)
    if server is not None:
        log = key_of(server, log)
        known += witnesses_of(server)
    broken = False
    for path in files:
        proof = _read(path)
        try:
            proven = verify_proof(proof, log, known)
            _require_witnesses(proven, witnesses)
            if server is not None:
                check_history(server, proof.checkpoint, log or proof.key)
        except ProofBroken as problem:
            broken = True
            _say_broken(terminal, path, problem)
        else:
            _say_proven(terminal, path, proof, proven, pinned=log is not None)
    if broken:
        raise typer.Exit(ExitCode.INTEGRITY)


def _read(path: Path) -> Proof:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return Proof.parse(file.read(MAX_PROOF_CHARACTERS + 1))
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"{path} cannot be read as a proof.", advice="Name a .tlog-proof file.") from problem
    except ProofBroken as problem:
        raise ProofBroken(f"{path}: {problem.message}", advice=problem.advice) from None


def _require_witnesses(proven: Proven, witnesses: Sequence[VerifierKey]) -> None:
    signed = {each.key for each in proven.witnesses}
    for key in witnesses:
        if key not in signed:
            raise ProofBroken(f"{key.name} did not sign the head of this proof.")


def _say_broken(terminal: Terminal, path: Path, problem: ProofBroken) -> None:
    if terminal.as_json:
        terminal.json({"file": str(path), "verified": False, "why": problem.message})
        return
    terminal.line(f"{path}: this proof does not verify. {problem.message}")
    terminal.say(problem.advice)


def _say_proven(terminal: Terminal, path: Path, proof: Proof, proven: Proven, *, pinned: bool) -> None:
    key = str(proof.key)
    if terminal.as_json:
        terminal.json(
            {
                "file": str(path),
                "verified": True,
                "attestation": proven.attestation,
                "in_log_at": proven.period.until.isoformat(),
                "origin": proven.checkpoint.origin,
                "size": proven.checkpoint.size,
                "witnesses": [each.key.name for each in proven.witnesses],
                "witnesses_not_checked": list(proven.unchecked),
                "key": key,
                "key_pinned": pinned,
            }
        )
        return
    said: Mapping[str, Any] = proven.attestation
    terminal.line(f"{path}: verifies.")
    terminal.line(f"  {said['kind']} at {in_words(read_moment(str(said['at'])))}, about {said['about']}")
    for name, value in dict(said["facts"]).items():
        terminal.line(f"    {name}: {_plain(value)}")
    terminal.line(f"  In the public log of {proven.checkpoint.origin} by {in_words(proven.period.until)}.")
    for each in proven.witnesses:
        terminal.line(f"  Witnessed by {each.key.name}{_seen(each)}: checked.")
    for name in proven.unchecked:
        terminal.line(f"  Witness {name}: not checked, its key is not known here (--witness).")
    if not pinned:
        terminal.say(f"Signed by {key}: compare this key with the one that the service published (--log-key).")


def _seen(signature: Signature) -> str:
    try:
        return f" at {in_words(datetime.fromtimestamp(signature.seconds or 0, UTC))}"
    except (OverflowError, ValueError):
        return ""


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return str(value)
