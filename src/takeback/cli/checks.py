"""What `takeback doctor` looks at: each check reads, and changes nothing."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import socket
import stat
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

import numpy as np
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import SQLAlchemyError

from takeback.actions.coop.account import CoopAccount
from takeback.actions.mail import smtp_sender
from takeback.actions.openid.id_token import SKEW
from takeback.actions.openid.provider import Provider
from takeback.assembly import identity_provider, read_master_key, utc_now
from takeback.cases.sealed import LEAST_DESK_KEYS
from takeback.cli.list_checks import list_troubles
from takeback.config import Settings
from takeback.errors import BadSetting, DeliveryError, TakebackError
from takeback.fingerprint import CopyDescriptor
from takeback.fingerprint.in_browser import RUNTIME_VERSION, read_page_model
from takeback.fingerprint.sscd import COPIES_ADVICE, chosen_model
from takeback.gates.address import Address
from takeback.gates.line import gate_lines
from takeback.media.sandbox import DecoderPool, PoolProcess, start_pool
from takeback.provenance.c2pa import can_read_credentials
from takeback.provenance.trust import Vouching, read_trust_lists
from takeback.runtime import default_parent, file_system, is_in_memory
from takeback.store import Keyring
from takeback.store.database import DATABASE_NAME, KEYS_NAME
from takeback.store.desk_keys import DeskKeyStore
from takeback.store.quarantine import QuarantineNames
from takeback.store.quarantine_folder import QuarantineFolder
from takeback.store.schema import newest_revision, revision_of

_FORMATS_HANDLER = "takeback.cli.formats:formats_handler"
_FORMATS = {
    "jpeg": "simplejpeg",
    "png": "pillow",
    "gif": "pillow",
    "bmp": "pillow",
    "tiff": "pillow",
    "webp": "pillow",
    "avif": "pillow",
    "heic": "pillow-heif",
}
_OPEN_MODE = 0o077
_LOW_DISK_BYTES = 1 << 30


class Standing(StrEnum):
    """How one part stands."""

    OK = "ok"
    WARNING = "warning"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Check:
    """One part: its name, how it stands, what that means or what to do, and whether `serve` needs it."""

    name: str
    standing: Standing
    text: str
    needed: bool = False

    @property
    def blocks(self) -> bool:
        """Whether `takeback serve` cannot do its work without it."""
        return self.needed and self.standing is Standing.MISSING


def all_checks(settings: Settings) -> Iterator[Check]:
    """Yield every check, in the order in which the parts rest on each other."""
    yield Check("python", Standing.OK, f"{platform.python_version()} at {sys.executable}")
    yield _kernel()
    yield from _decoders()
    yield _photographs()
    yield from _copies(settings)
    yield _credentials(settings)
    yield _master_key(settings)
    yield from _data(settings)
    yield _alerts(settings)
    yield _runtime(settings)
    yield _port(settings)
    yield from _gates(settings)
    yield _mail(settings)
    yield _identity_provider(settings)
    yield _coop(settings)


def _alerts(settings: Settings) -> Check:
    routes = len(settings.alert_routes)
    if routes == 0:
        text = "nobody is told when a deadline comes near: name two routes, `alert_webhooks` and `alert_mail`"
        return Check("alerts", Standing.WARNING, text)
    if routes == 1:
        text = "one route by which the desk is told what is due; it may fail when it matters: name a second one"
        return Check("alerts", Standing.WARNING, text)
    return Check("alerts", Standing.OK, f"{routes} routes; `takeback alert test` tries them")


def _kernel() -> Check:
    if find_spec("takeback._native") is None:
        return Check("kernel", Standing.MISSING, "The C++ kernel is not built: run `make`.", needed=True)
    try:
        native = import_module("takeback._native")
    except ImportError as problem:
        return Check("kernel", Standing.MISSING, str(problem), needed=True)
    text = f"fingerprints and searches run in C++, at level {native.LEVEL}"
    if native.LEVELS[-1] != native.LEVEL:
        return Check("kernel", Standing.WARNING, f"{text}: TAKEBACK_KERNEL asks for it, {native.LEVELS[-1]} is faster")
    return Check("kernel", Standing.OK, text)


def _decoders() -> Iterator[Check]:
    with tempfile.TemporaryDirectory(prefix="takeback-") as folder:
        try:
            process = start_pool(_FORMATS_HANDLER, socket_path=Path(folder) / "decoders", children=1)
        except TakebackError as problem:
            yield Check("decoders", Standing.MISSING, f"{problem.message} No picture can be read.", needed=True)
            return
        try:
            yield _sandbox(process)
            answer = DecoderPool(process.socket_path).run(b"")
        except TakebackError as problem:
            yield Check("decoders", Standing.MISSING, f"{problem.message} No picture can be read.", needed=True)
            return
        finally:
            process.stop()
    found = answer.result.get("formats")
    worked = found if isinstance(found, list) else []
    for name, package in _FORMATS.items():
        if name in worked:
            yield Check(name, Standing.OK, f"decoded in the sandbox by {package}", needed=True)
        else:
            text = f"{name} files are answered with unreadable-media; reinstall {package}"
            yield Check(name, Standing.MISSING, text, needed=True)


def _sandbox(process: PoolProcess) -> Check:
    if process.sandbox.is_complete:
        return Check("sandbox", Standing.OK, "decoders have no network, no files, no keys", needed=True)
    text = "This machine does not let a decoder give up: " + "; ".join(process.sandbox.missing)
    return Check("sandbox", Standing.WARNING, text, needed=True)


def _photographs() -> Check:
    if find_spec("skimage") is None:
        text = "`takeback demo` needs them: pip install 'takeback[demo]' (or `make`)"
        return Check("demo photographs", Standing.MISSING, text)
    return Check("demo photographs", Standing.OK, "from scikit-image")


def _copies(settings: Settings) -> Iterator[Check]:
    yield _copy_model(settings)
    yield _page_model(settings)
    try:
        version = import_module("cv2").__version__
    except ImportError as problem:
        why = "" if find_spec("cv2") is None else f" It is there and does not load: {problem}."
        lost = "Without OpenCV nothing is examined or compared, and a picture inside a screenshot is not found."
        text = f"{lost}{why} {COPIES_ADVICE}"
        yield Check("opencv", Standing.MISSING, text)
    else:
        yield Check(
            "opencv",
            Standing.OK,
            f"{version}: finds a picture inside a screenshot or on another, examines and compares",
        )


def _credentials(settings: Settings) -> Check:
    name = "content credentials"
    try:
        trust = read_trust_lists(settings)
    except BadSetting as problem:
        return Check(name, Standing.MISSING, f"{problem.message} {problem.advice}")
    if not can_read_credentials():
        text = "`takeback examine` reads none without c2pa-python: pip install 'takeback[provenance]'"
        return Check(name, Standing.MISSING, text)
    lists = ", ".join(sorted({each.name for each in trust.lists}))
    if not trust.vouch_for(Vouching.SIGNERS):
        return Check(name, Standing.OK, "read; no trust list is set, so nobody who signs is vouched for")
    return Check(name, Standing.OK, f"read; who signs is believed under {lists}")


def _copy_model(settings: Settings) -> Check:
    lost = "Copies that are cropped, turned or written over are not found"
    if settings.copy_model == "off":
        return Check("copy model", Standing.WARNING, f"{lost}: `copy_model` is off")
    try:
        model = chosen_model(settings.copy_model)
        if model is None:
            return Check("copy model", Standing.MISSING, f"{lost}. {COPIES_ADVICE}")
        descriptor = CopyDescriptor(model, threads=settings.copy_threads)
    except TakebackError as problem:
        text = f"{problem.message} {lost}. {problem.advice}"
        # A model that was asked for by name is missed; one that came with an extra is only not there.
        return Check("copy model", Standing.MISSING, text, needed=settings.copy_model != "")
    text = f"{model.name} ({descriptor.model_id}) describes a picture in {_milliseconds(descriptor):.0f} ms"
    return Check("copy model", Standing.OK, f"{text}, threads: {settings.copy_threads}")


def _page_model(settings: Settings) -> Check:
    try:
        model = read_page_model(settings)
    except TakebackError as problem:
        return Check("page model", Standing.MISSING, f"{problem.message} {problem.advice}", needed=True)
    if model is None:
        return Check("page model", Standing.OK, "`page_model` is empty: her browser makes fingerprints, no descriptors")
    text = f"{model.model_id} from {model.folder}, run by onnxruntime-web {RUNTIME_VERSION} where she agrees"
    return Check("page model", Standing.OK, text)


def _milliseconds(descriptor: CopyDescriptor) -> float:
    """Return how long one picture of 1600 × 1200 takes, the best of three."""
    picture = np.zeros((1200, 1600, 3), np.uint8)
    taken = []
    for _ in range(3):
        start = perf_counter()
        descriptor.embed(picture)
        taken.append(1000 * (perf_counter() - start))
    return min(taken)


def _master_key(settings: Settings) -> Check:
    path = settings.master_key_path
    if not path.exists():
        if (settings.data / DATABASE_NAME).exists():
            text = f"There is data, and no key at {path}: restore it, nothing opens without it."
            return Check("master key", Standing.MISSING, text, needed=True)
        return Check("master key", Standing.OK, f"The first `takeback serve` makes it at {path}")
    try:
        master = read_master_key(settings)
        if (settings.data / KEYS_NAME).exists():
            Keyring(master, settings.data / KEYS_NAME).close()
    except TakebackError as problem:
        return Check("master key", Standing.MISSING, f"{problem.message} {problem.advice}", needed=True)
    mode = stat.S_IMODE(path.stat().st_mode)
    return Check("master key", Standing.OK, f"{path}, mode {mode:04o}; keep a copy apart from the data", needed=True)


def _data(settings: Settings) -> Iterator[Check]:
    data = settings.data.absolute()
    if not data.exists():
        yield Check("data directory", Standing.OK, f"The first `takeback serve` makes {data}")
        yield _disk(_nearest(data))
        return
    if not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        yield Check("data directory", Standing.MISSING, f"{data} cannot be written by this user.", needed=True)
    elif stat.S_IMODE(data.stat().st_mode) & _OPEN_MODE:
        yield Check("data directory", Standing.WARNING, f"{data} is open to others: run `chmod 700 {data}`")
    else:
        yield Check("data directory", Standing.OK, f"{data}, writable, closed to others", needed=True)
    yield from _database(settings, data)
    yield _disk(data)


def _database(settings: Settings, data: Path) -> Iterator[Check]:
    if not (data / DATABASE_NAME).exists():
        yield Check("database", Standing.OK, "The first `takeback serve` makes it")
        return
    engine = create_engine(f"sqlite+pysqlite:///file:{data / DATABASE_NAME}?mode=ro&uri=true")
    try:
        revision, newest = revision_of(engine), newest_revision()
        if revision != newest:
            text = f"schema {revision}, and this program needs {newest}: back up, then `takeback upgrade`"
            yield Check("database", Standing.MISSING, text, needed=True)
            return
        yield Check("database", Standing.OK, f"schema {revision}, the one that this program needs", needed=True)
        with engine.connect() as connection:
            yield _desk(len(DeskKeyStore(connection).active()))
            yield from _quarantine(connection, data, settings.quarantine_max_bytes)
            yield from _lists(settings, connection)
    except SQLAlchemyError:
        yield Check("database", Standing.MISSING, "It cannot be read; restore a backup.", needed=True)
    finally:
        engine.dispose()


def _lists(settings: Settings, connection: Connection) -> Iterator[Check]:
    """Say how each outside list stands; without the master key, of which there is a check, nothing."""
    try:
        keyring = Keyring(read_master_key(settings), settings.data / KEYS_NAME)
    except TakebackError:
        return
    try:
        for name, text, is_wrong in list_troubles(connection, keyring, utc_now()):
            yield Check(f"list {name}", Standing.WARNING if is_wrong else Standing.OK, text)
    finally:
        keyring.close()


def _desk(people: int) -> Check:
    if people >= LEAST_DESK_KEYS:
        return Check("desk keys", Standing.OK, f"what is written in notices is sealed to {people} people")
    text = f"This service can read what is written in notices: `takeback desk add` a key of {LEAST_DESK_KEYS} people"
    return Check("desk keys", Standing.WARNING, text)


def _quarantine(connection: Connection, data: Path, most_bytes: int) -> Iterator[Check]:
    """Compare what is kept for put-backs by the database with the files: none of either is opened."""
    folder, kept = QuarantineFolder(data), QuarantineNames(connection)
    names, there = kept.kept(), folder.names()
    if not names and not there:
        return
    size, missing, orphans = kept.size(), names - there, there - kept.live()
    text = f"bytes of {len(names)} items are kept for put-backs, {size:,} of {most_bytes:,}"
    if missing:
        text = f"{text}; {len(missing)} files are missing: they are in no backup, and cannot be put back"
        yield Check("quarantine", Standing.WARNING, text)
        return
    if orphans:
        text = f"{text}; {len(orphans)} files belong to nothing: the service deletes them within ten minutes"
    yield Check("quarantine", Standing.WARNING if orphans or size > most_bytes * 0.9 else Standing.OK, text)


def _disk(folder: Path) -> Check:
    free_bytes = shutil.disk_usage(folder).free
    text = f"{free_bytes / (1 << 30):.1f} GiB free for the data"
    if free_bytes < _LOW_DISK_BYTES:
        return Check("disk", Standing.WARNING, f"{text}: free some, a full disk stops the service")
    return Check("disk", Standing.OK, text)


def _nearest(path: Path) -> Path:
    return next(parent for parent in (path.absolute(), *path.absolute().parents) if parent.exists())


def _runtime(settings: Settings) -> Check:
    folder = Path(settings.runtime_dir) if settings.runtime_dir else default_parent()
    kind = file_system(folder)
    if is_in_memory(folder):
        return Check("runtime directory", Standing.OK, f"{folder} is in memory ({kind})")
    text = f"{folder} is on disk ({kind}); --runtime-dir below /run or /dev/shm lets processes share their indexes"
    return Check("runtime directory", Standing.WARNING, text)


def _port(settings: Settings) -> Check:
    where = f"{settings.host} port {settings.port}"
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as problem:
            text = f"{where} is taken ({problem.strerror}): by a running Takeback, or choose another with --port"
            return Check("port", Standing.WARNING, text)
    return Check("port", Standing.OK, f"{where} is free")


def _gates(settings: Settings) -> Iterator[Check]:
    """Say of each gate what it stands before, and whether it is listened on now."""
    try:
        lines = gate_lines(settings)
    except TakebackError as problem:
        yield Check("gates", Standing.MISSING, f"{problem.message} {problem.advice}", needed=True)
        return
    for line in lines:
        text = f"{line.address}, before {line.space} posts; what cannot be judged: {line.fault}"
        if _answers(line.address):
            yield Check(f"gate {line.protocol}", Standing.OK, f"{text}; it answers")
        else:
            unheard = f"{text}; nobody listens there: no Takeback runs with this line"
            yield Check(f"gate {line.protocol}", Standing.WARNING, unheard)


def _answers(address: Address) -> bool:
    try:
        if address.path is not None:
            with socket.socket(socket.AF_UNIX) as asking:
                asking.connect(str(address.path))
        else:
            socket.create_connection((address.host, address.port), timeout=2).close()
    except OSError:
        return False
    return True


def _identity_provider(settings: Settings) -> Check:
    """Ask the provider what a sign-in asks it, and what time it is there; nobody is signed in."""
    name = "identity provider"
    if not settings.openid_issuer:
        return Check(name, Standing.OK, "`openid_issuer` is empty: people of the desk sign in by passkeys")
    try:
        provider = identity_provider(settings)
        assert provider is not None
        there = asyncio.run(_asked(provider))
    except BadSetting as problem:
        return Check(name, Standing.MISSING, f"{problem.message} {problem.advice}", needed=True)
    except TakebackError as problem:
        # What went wrong outside is told with what to do about it, not with what to tell whoever wants to sign in.
        cause = problem.__cause__ if isinstance(problem.__cause__, TakebackError) else problem
        return Check(name, Standing.WARNING, f"{problem.message} {cause.advice}")
    if there is not None and abs(ahead := (there - utc_now()).total_seconds()) > SKEW.total_seconds() / 2:
        text = f"its clock and this machine's are {abs(ahead):.0f} seconds apart: set them, or tokens will be refused"
        return Check(name, Standing.WARNING, text)
    if not settings.desk_origin:
        return Check(name, Standing.WARNING, "it answers, but the desk is closed: set `desk_origin`")
    back = f"{settings.desk_origin}/desk/openid/answer"
    return Check(name, Standing.OK, f"{settings.openid_issuer} answers; it has to send people back to {back}")


async def _asked(provider: Provider) -> datetime | None:
    await provider.keys()
    return await provider.clock()


def _coop(settings: Settings) -> Check:
    """Read what Coop is spoken to with; `takeback coop check` asks it."""
    account = CoopAccount.of(settings)
    if account is None:
        return Check("coop", Standing.OK, "`coop_address` is empty: nothing is told to a Coop")
    try:
        account.api_key()
        account.public_keys()
    except BadSetting as problem:
        return Check("coop", Standing.MISSING, f"{problem.message} {problem.advice}", needed=True)
    told = f"{account.address} is told what waits for a decision; `takeback coop check` asks it"
    if not account.people or not account.actions:
        return Check("coop", Standing.OK, f"{told}; whatever is said there is an opinion: nobody of the desk is named")
    return Check("coop", Standing.OK, f"{told}; what {len(account.people)} of the desk remove there is their decision")


def _mail(settings: Settings) -> Check:
    """Connect as for a mail, and send none."""
    try:
        sender = smtp_sender(settings)
        if sender is None:
            return Check("mail", Standing.OK, "`mail_server` is empty: nobody is told by mail that there is news")
        sender.check()
    except DeliveryError as problem:
        return Check("mail", Standing.WARNING, f"{problem.message} {problem.advice}")
    except TakebackError as problem:
        return Check("mail", Standing.MISSING, f"{problem.message} {problem.advice}", needed=True)
    come_back = settings.mail_bounces or settings.mail_from
    return Check(
        "mail", Standing.OK, f"{settings.mail_server} takes mail from {settings.mail_from}; back to {come_back}"
    )
