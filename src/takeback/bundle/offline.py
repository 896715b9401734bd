#!/usr/bin/env python3
"""
Check an evidence bundle of Takeback, without Takeback and without the network.

    python3 verify.py                      in the unpacked folder
    python3 verify.py --key 'forum.example/bundles+0a1b2c3d+AQ...' --log-key 'forum.example/1f2e+4d5c6b7a+AQ...'
    python3 verify.py --timestamp-root root.pem --witness 'witness.example+1a2b3c4d+BA...'

It needs Python 3.9 or later and nothing else. The signatures of timestamps are checked by openssl, where it is
installed and --timestamp-root names whom you believe. What holds is said in plain words; what does not hold is named,
the first thing first, and then the program ends with status 1.

The formats are not ours: BagIt (RFC 8493), Ed25519 (RFC 8032), signed notes and checkpoints (c2sp.org/signed-note,
c2sp.org/tlog-checkpoint), what witnesses sign (c2sp.org/tlog-cosignature), trees and proofs (RFC 6962, RFC 9162),
proofs in files (c2sp.org/tlog-proof), timestamps (RFC 3161).
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

TAG_MANIFEST = "tagmanifest-sha256.txt"
MANIFEST = "manifest-sha256.txt"
SIGNATURE = "bundle.note"
OPENED = "opened/"
"""Sealed words that someone opened: they came after the signature, and are held by the digest of what is inside."""

_FIRST_LINE = "takeback-bundle/1"
_PROOF_LINE = "c2sp.org/tlog-proof@v1"
_PERIOD_LINE = "takeback-period/1"
_DASH = "\u2014"
_VEIL_LEAVES = 1 << 20
_LOG_KEY = 1
_WITNESS_KEY = 4
_MAX_HASHES = 63
_LAST_SECOND = 253_402_300_799
"""Of the year 9999, since 1970."""


class Broken(Exception):
    """Something that does not hold."""


MALFORMED = (Broken, KeyError, TypeError, AttributeError, IndexError, ValueError, RecursionError)
"""What `check` raises: the rest where a file is not of the form that it has to have."""


# ---- Ed25519 (RFC 8032, sections 5.1 and 6) ----------------------------------------------------------------------

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)


class _Point(NamedTuple):
    """Extended coordinates."""

    x: int
    y: int
    z: int
    t: int


def _add(a: _Point, b: _Point) -> _Point:
    e, f = (a.y - a.x) * (b.y - b.x) % _P, (a.y + a.x) * (b.y + b.x) % _P
    g, h = 2 * a.t * b.t * _D % _P, 2 * a.z * b.z % _P
    e, f, g, h = f - e, h - g, h + g, f + e
    return _Point(e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _times(factor: int, point: _Point) -> _Point:
    product = _Point(0, 1, 1, 0)
    while factor:
        if factor & 1:
            product = _add(product, point)
        point = _add(point, point)
        factor >>= 1
    return product


def _equal(a: _Point, b: _Point) -> bool:
    return (a.x * b.z - b.x * a.z) % _P == 0 and (a.y * b.z - b.y * a.z) % _P == 0


def _x_of(y: int, sign: int) -> int | None:
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    if square == 0:
        return None if sign else 0
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if (x * x - square) % _P:
        return None
    return _P - x if (x & 1) != sign else x


def _point(data: bytes) -> _Point | None:
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = _x_of(y, sign)
    return None if x is None else _Point(x, y, 1, x * y % _P)


_BASE_Y = 4 * pow(5, _P - 2, _P) % _P
_BASE_X = _x_of(_BASE_Y, 0) or 0
_BASE = _Point(_BASE_X, _BASE_Y, 1, _BASE_X * _BASE_Y % _P)


def ed25519_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether `signature`, 64 bytes, is one of `message` under the public key of 32 bytes."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, nonce = _point(public), _point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or nonce is None or scalar >= _L:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    return _equal(_times(scalar, _BASE), _add(nonce, _times(int.from_bytes(digest, "little") % _L, key)))


# ---- Signed notes ------------------------------------------------------------------------------------------------


class Key(NamedTuple):
    """A name, a kind of signature and a public key, as `name+id+base64` says them."""

    name: str
    kind: int
    public: bytes
    text: str

    @property
    def id(self) -> bytes:
        """The four bytes by which a signature names its key."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]


def read_key(text: str) -> Key:
    """Read `name+id+base64`."""
    name, _, rest = text.strip().partition("+")
    number, _, encoded = rest.partition("+")
    material = _unbase64(encoded)
    key = Key(name, material[0] if material else 0, material[1:], text.strip())
    if len(key.public) != 32 or key.kind not in (_LOG_KEY, _WITNESS_KEY) or key.id.hex() != number:
        raise Broken(f"This is no key: {text.strip()[:100]}")
    return key


def read_note(note: str, key: Key) -> str:
    """Return the text of a note that `key` signed; `Broken` where it did not."""
    text, blank, signatures = note.rpartition("\n\n")
    text += "\n"
    for line in signatures.splitlines() if blank else ():
        name, _, encoded = line[len(_DASH) + 1 :].partition(" ")
        material = _unbase64(encoded)
        if line.startswith(f"{_DASH} ") and name == key.name and material[:4] == key.id:
            if not _signed(key.public, text, material[4:]):
                raise Broken(f"The signature of {key.name} does not fit what it stands under.")
            return text
    raise Broken(f"This is not signed by {key.name}.")


class Cosigned(NamedTuple):
    """The line of a witness below a head of a log: its key, and when it saw the head."""

    name: str
    key: str
    """Empty where the witness's key is not known, and so the line is not checked."""
    at: str


def cosignatures_of(note: str, log: Key, witnesses: Sequence[Key]) -> list[Cosigned]:
    """
    Return who signed a head besides its log (c2sp.org/tlog-cosignature), in the order of its lines.

    `Broken` names a witness whose line does not fit the head.
    """
    text, _, signatures = note.rpartition("\n\n")
    found = []
    for line in signatures.splitlines():
        name, _, encoded = line[len(_DASH) + 1 :].partition(" ")
        material = _unbase64(encoded)
        if not line.startswith(f"{_DASH} ") or not name.isprintable():
            raise Broken("This is no signed note.")
        if (name, material[:4]) == (log.name, log.id):
            continue
        key = next((each for each in witnesses if (name, material[:4]) == (each.name, each.id)), None)
        found.append(Cosigned(name, "", "") if key is None else _cosigned(key, text + "\n", material[4:]))
    return found


def _cosigned(key: Key, text: str, material: bytes) -> Cosigned:
    seconds = int.from_bytes(material[:8], "big")
    if not _signed(key.public, f"cosignature/v1\ntime {seconds}\n{text}", material[8:]):
        raise Broken(f"The signature of the witness {key.name} does not fit the head that it stands under.")
    if seconds > _LAST_SECOND:
        raise Broken(f"The witness {key.name} names no moment.")
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return Cosigned(key.name, key.text, f"{moment:%Y-%m-%dT%H:%M:%SZ}")


_KNOWN: dict[tuple[bytes, str, bytes], bool] = {}


def _signed(public: bytes, text: str, signature: bytes) -> bool:
    # Many proofs stand under one head; a signature takes a hundredth of a second.
    found = (public, text, signature)
    if found not in _KNOWN:
        _KNOWN[found] = ed25519_holds(public, text.encode(), signature)
    return _KNOWN[found]


def _unbase64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""


def _hash(text: object) -> bytes:
    found = _unbase64(text) if isinstance(text, str) else b""
    if len(found) != 32:
        raise Broken("A hash has 32 bytes, in base64.")
    return found


def _number(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Broken("A number is missing, or is none.")
    return value


# ---- Trees (RFC 6962, RFC 9162 section 2.1.3.2) ------------------------------------------------------------------


def _leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_by_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Return the root of the tree of `size` leaves in which `leaf` stands at `index`."""
    if not 0 <= index < size or len(path) > _MAX_HASHES:
        raise Broken("A proof names a leaf that its tree does not have.")
    place, last, node = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise Broken("A proof is longer than its tree is deep.")
        if place & 1 or place == last:
            node = _node(sibling, node)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            node = _node(node, sibling)
        place, last = place >> 1, last >> 1
    if last:
        raise Broken("A proof is shorter than its tree is deep.")
    return node


class Head(NamedTuple):
    """The head of a log: its name, size and root."""

    origin: str
    size: int
    root: bytes
    text: str


def read_head(note: str, key: Key) -> Head:
    """Read the head of a log that `key` signed."""
    text = read_note(note, key)
    lines = text.split("\n")
    if len(lines) < 4 or lines[0] != key.name:
        raise Broken("This is no head of the log that signed it.")
    return Head(lines[0], _number(lines[1]), _hash(lines[2]), "\n".join(lines[:3]) + "\n")


# ---- Proofs (c2sp.org/tlog-proof) --------------------------------------------------------------------------------


class Proven(NamedTuple):
    """What a proof proves: an attestation, and by when the log had it."""

    attestation: Mapping[str, Any]
    until: str
    number: int
    """Of the log's entry."""
    period: bytes
    """The leaf of the log's entry."""


def read_proof(text: str, log_key: Key) -> Proven:
    """Check a proof down to the signature of the log."""
    first, blank, note = text.partition("\n\n")
    lines = first.split("\n")
    if not blank or len(lines) < 3 or lines[0] != _PROOF_LINE or not lines[1].startswith("extra "):
        raise Broken("This is no proof.")
    extra = _json(_unbase64(lines[1][len("extra ") :]))
    period = str(extra["period"])
    said = period.split("\n")
    if len(said) != 5 or said[0] != _PERIOD_LINE:
        raise Broken("It names no entry of a log.")
    # 1. What it says stands in the entry that it names.
    commitment = hmac.new(_hash(extra["salt"]), canonical_json(extra["attestation"]), hashlib.sha256).digest()
    veil = [_hash(each) for each in extra["veil"]]
    if root_by_inclusion(_leaf(commitment), _number(extra["place"]), _VEIL_LEAVES, veil) != _hash(said[2]):
        raise Broken("What it says was changed: it does not stand in the entry that it names.")
    # 2. It is not later than that entry.
    if str(extra["attestation"]["at"]) > said[1]:
        raise Broken("What it says is later than the entry that it names.")
    # 3. The entry stands in the log, under a head that the log signed.
    head, index, leaf = read_head(note, log_key), _number(lines[2][len("index ") :]), _leaf(period.encode())
    if root_by_inclusion(leaf, index, head.size, [_hash(line) for line in lines[3:]]) != head.root:
        raise Broken("The entry that it names does not stand in the log.")
    return Proven(extra["attestation"], said[1], index, leaf)


def canonical_json(value: object) -> bytes:
    """Return the one sequence of bytes that stands for `value` (RFC 8785, for names in ASCII and whole numbers)."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode()


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise Broken("This is no JSON, or it is damaged.") from None


# ---- Timestamps (RFC 3161, section 2.4.2) ------------------------------------------------------------------------


class Stamp(NamedTuple):
    """What a timestamp says: when, and of which SHA-256."""

    at: str
    digest: bytes


def read_stamp(token: bytes) -> Stamp:
    """Read a TimeStampResp in DER, whose signature is not checked here."""
    try:
        response = _children(_children(token)[0][1])
        content = _children(_children(response[1][1])[1][1])
        encapsulated = _children(_children(content[0][1])[2][1])
        info = _children(_children(_children(encapsulated[1][1])[0][1])[0][1])
        imprint = _children(info[2][1])
        moment = info[4][1].decode("ascii")
    except (IndexError, UnicodeDecodeError):
        raise Broken("This is no timestamp.") from None
    # SHA-256 is 2.16.840.1.101.3.4.2.1.
    if _children(imprint[0][1])[0][1] != bytes.fromhex("608648016503040201"):
        raise Broken("This timestamp is of another digest than SHA-256.")
    return Stamp(_moment(moment), imprint[1][1])


def _children(data: bytes) -> list[tuple[int, bytes]]:
    """Return the tags and contents of DER values that stand one after another."""
    found, place = [], 0
    while place < len(data):
        tag, length, place = data[place], data[place + 1], place + 2
        if length & 0x80:
            count = length & 0x7F
            length, place = int.from_bytes(data[place : place + count], "big"), place + count
        if place + length > len(data):
            raise IndexError("a value ends before its length says")
        found.append((tag, data[place : place + length]))
        place += length
    return found


def _moment(text: str) -> str:
    digits, _, fraction = text.rstrip("Z").partition(".")
    if not text.endswith("Z") or len(digits) != 14 or not digits.isdecimal():
        raise Broken("This timestamp names no moment.")
    date = f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}T{digits[8:10]}:{digits[10:12]}:{digits[12:]}"
    return f"{date}.{fraction}Z" if fraction else f"{date}Z"


def openssl_says(token: bytes, digest: bytes, roots: str) -> bool | None:
    """Say whether openssl verifies a timestamp under the certificates in the file `roots`; None where it is missing."""
    program = shutil.which("openssl", path="/usr/bin:/bin:/usr/local/bin:/opt/homebrew/bin")
    if program is None:
        return None
    with tempfile.NamedTemporaryFile(suffix=".tsr") as file:
        file.write(token)
        file.flush()
        command = [program, "ts", "-verify", "-digest", digest.hex(), "-in", file.name, "-CAfile", roots]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


# ---- The bundle --------------------------------------------------------------------------------------------------


class Believed(NamedTuple):
    """Whom the reader believes, from elsewhere than the bundle; empty where they named nobody."""

    bundle_key: str = ""
    log_key: str = ""
    timestamp_root: str = ""
    witnesses: Sequence[str] = ()
    """Keys of witnesses that have to have signed the heads that the proofs stand under."""
    known_witnesses: Sequence[str] = ()
    """Keys of witnesses whose lines are checked where there are any."""


def check(
    files: Mapping[str, bytes], believed: Believed = Believed(), stamped: Callable[..., bool | None] | None = None
) -> Iterator[str]:
    """
    Check a bundle, by the names of its files, and yield what holds, a sentence each.

    `stamped` checks the signature of a timestamp, given the token, the digest and `timestamp_root`; openssl where it is
    left out. Raises `Broken`, which names the first thing that does not hold.
    """
    yield check_files(files)
    yield from check_signature(files, believed.bundle_key)
    keys = _json(_file(files, "data/log/keys.json"))
    log_key = _pinned(str(keys["log"]), believed.log_key, "log") if keys["log"] else None
    proven = check_proofs(files, log_key)
    yield from _say_proofs(proven, pinned=bool(believed.log_key))
    yield from check_witnesses(files, log_key, believed)
    yield from check_timeline(files, proven)
    yield from check_stamps(files, proven, log_key, believed.timestamp_root, stamped or openssl_says)
    yield from check_opened(files)


def check_files(files: Mapping[str, bytes]) -> str:
    """Check that every file is as it was put in, and that none was added or taken out (RFC 8493, section 3)."""
    _file(files, "bagit.txt")
    listed = {**_manifest(files, TAG_MANIFEST), **_manifest(files, MANIFEST)}
    for name, digest in listed.items():
        if hashlib.sha256(_file(files, name)).hexdigest() != digest:
            raise Broken(f"The file {name} was changed: its SHA-256 is not the one in the manifest.")
    known = {*listed, TAG_MANIFEST, SIGNATURE}
    for name in sorted(files):
        if name not in known and not name.startswith(OPENED):
            raise Broken(f"The file {name} was added: no manifest names it.")
    if MANIFEST not in listed:
        raise Broken(f"{TAG_MANIFEST} does not name {MANIFEST}.")
    return f"Files: all {len(listed)} are as they were put in."


def _manifest(files: Mapping[str, bytes], name: str) -> dict[str, str]:
    found = {}
    for line in _text(_file(files, name), name).splitlines():
        digest, blank, path = line.partition("  ")
        if not blank or len(digest) != 64:
            raise Broken(f"{name} has a line that is none of a manifest.")
        found[path] = digest
    return found


def _file(files: Mapping[str, bytes], name: str) -> bytes:
    if name not in files:
        raise Broken(f"The file {name} is missing.")
    return files[name]


def _text(data: bytes, name: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Broken(f"The file {name} is damaged: it is no text.") from None


def check_signature(files: Mapping[str, bytes], believed: str) -> Iterator[str]:
    """Check that the service signed the manifest, and say which service and when."""
    keys = _json(_file(files, "data/log/keys.json"))
    key = _pinned(str(keys["bundle"]), believed, "bundle")
    try:
        text = read_note(_text(_file(files, SIGNATURE), SIGNATURE), key)
    except Broken as problem:
        raise Broken(f"{SIGNATURE}: {problem}") from None
    lines = text.split("\n")
    digest = base64.b64encode(hashlib.sha256(files[TAG_MANIFEST]).digest()).decode()
    if len(lines) != 6 or lines[0] != _FIRST_LINE or lines[4] != digest:
        raise Broken(f"{SIGNATURE} signs another bundle than this one.")
    yield f"Signature: {key.name} made this bundle ({lines[1]} version, about {lines[2]}) at {lines[3]}."
    if not believed:
        yield f"  Whose key it is, the bundle alone cannot say. Compare it with the published one: {key.text}"


def _pinned(brought: str, believed: str, what: str) -> Key:
    if believed and believed.strip() != brought.strip():
        raise Broken(f"The {what} key in this bundle is another than the one that you named.")
    return read_key(brought)


def check_proofs(files: Mapping[str, bytes], log_key: Key | None) -> dict[str, Proven]:
    """Check every proof, and return what each proves by its file."""
    proven = {}
    for name in sorted(files):
        if not name.startswith("data/proofs/"):
            continue
        try:
            if log_key is None:
                raise Broken("there is no key of a log.")
            proven[name] = read_proof(_text(files[name], name), log_key)
        except (KeyError, TypeError, IndexError):
            raise Broken(f"{name}: This proof lacks a part.") from None
        except Broken as problem:
            raise Broken(f"{name}: {problem}") from None
    return proven


def _say_proofs(proven: Mapping[str, Proven], *, pinned: bool) -> Iterator[str]:
    yield f"Proofs: {len(proven)} hold." if proven else "Proofs: there are none in this bundle."
    for each in proven.values():
        said = each.attestation
        yield f"  {said['kind']} at {said['at']}, in the public log by {each.until}"
    if proven and not pinned:
        yield "  Signed by the log key that the bundle brings: compare it with the published one (--log-key)."


def check_witnesses(files: Mapping[str, bytes], log_key: Key | None, believed: Believed) -> Iterator[str]:
    """Check what witnesses signed of the heads in the bundle, and say of each whether it could be checked."""
    required = [_witness_key(each) for each in believed.witnesses]
    known = [*required, *(_witness_key(each) for each in believed.known_witnesses)]
    if log_key is None:
        return
    said: dict[str, str] = {}
    for name, note in _heads(files).items():
        try:
            lines = _witnessed(note, log_key, known, required)
        except Broken as problem:
            raise Broken(f"{name}: {problem}") from None
        for each in lines:
            said[each.name + each.key] = f"Witness: {_in_words(each)}"
    yield from said.values() or ["Witnesses: none signed the log besides the service."]


def _heads(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the heads of the log that the bundle holds, each once, by the file in which it stands first."""
    heads: dict[str, str] = {}
    for name in sorted(files):
        if name.startswith("data/proofs/"):
            heads.setdefault(_text(files[name], name).partition("\n\n")[2], name)
        elif name == "data/log/checkpoint":
            heads.setdefault(_text(files[name], name), name)
    return {name: note for note, name in heads.items()}


def _witnessed(note: str, log_key: Key, known: Sequence[Key], required: Sequence[Key]) -> list[Cosigned]:
    read_head(note, log_key)
    lines = cosignatures_of(note, log_key, known)
    for key in required:
        if key.text not in [each.key for each in lines]:
            raise Broken(f"The witness {key.name} did not sign this head of the log.")
    return lines


def _in_words(line: Cosigned) -> str:
    if not line.key:
        return f"{line.name}: not checked, its key is not known here (--witness)."
    return f"{line.name} saw the log at {line.at}: checked."


def _witness_key(text: str) -> Key:
    key = read_key(text)
    if key.kind != _WITNESS_KEY:
        raise Broken(f"This is no key of a witness: {text.strip()[:100]}")
    return key


def check_timeline(files: Mapping[str, bytes], proven: Mapping[str, Proven]) -> Iterator[str]:
    """Check that the timeline says what its proofs prove, and say how much of it is proven."""
    timeline = _json(_file(files, "data/timeline.json"))
    count = 0
    for number, entry in enumerate(timeline, start=1):
        for name in entry.get("proofs", ()):
            one = proven.get(f"data/{name}")
            if one is None:
                raise Broken(f"Entry {number} of the timeline names a proof that is not there: {name}.")
            said, facts = one.attestation, entry["facts"]
            same = (said["at"], said["kind"]) == (entry["at"], entry["kind"])
            if not same or any(facts.get(fact) != value for fact, value in said["facts"].items()):
                raise Broken(f"Entry {number} of the timeline says something else than its proof {name}.")
        count += bool(entry.get("proofs"))
    yield f"Timeline: {count} of {len(timeline)} entries are proven by the public log."
    if count < len(timeline):
        yield "  The others are what the service's own record says; the signature above is all that holds them."


def check_stamps(
    files: Mapping[str, bytes],
    proven: Mapping[str, Proven],
    log_key: Key | None,
    roots: str,
    stamped: Callable[..., bool | None],
) -> Iterator[str]:
    """Check that timestamps are of heads of the log in which what is proven stands."""
    for name in sorted(files):
        if not name.startswith("data/log/timestamps/") or not name.endswith(".json"):
            continue
        try:
            yield from _stamp(files, name, proven, log_key, roots, stamped)
        except (KeyError, TypeError):
            raise Broken(f"{name}: This timestamp lacks a part.") from None
        except Broken as problem:
            raise Broken(f"{name}: {problem}") from None


def _stamp(
    files: Mapping[str, bytes],
    name: str,
    proven: Mapping[str, Proven],
    log_key: Key | None,
    roots: str,
    stamped: Callable[..., bool | None],
) -> Iterator[str]:
    said, token = _json(files[name]), _file(files, name[: -len(".json")] + ".tsr")
    if log_key is None:
        raise Broken("there is no key of a log.")
    # 1. It is of a head that the log signed.
    head, stamp = read_head(str(said["checkpoint"]), log_key), read_stamp(token)
    digest = hashlib.sha256(head.text.encode()).digest()
    if stamp.digest != digest:
        raise Broken("The timestamp is of something else than this head of the log.")
    # 2. What is proven stood in the log then.
    count = 0
    for each in proven.values():
        path = said["inclusion"].get(str(each.number))
        if path is None:
            continue
        if root_by_inclusion(each.period, each.number, head.size, [_hash(one) for one in path]) != head.root:
            raise Broken("An entry does not stand in the log that was stamped.")
        count += 1
    yield f"Timestamp: {said['authority']} says that {count} of the proven entries existed by {stamp.at}."
    # 3. The authority signed it.
    verified = stamped(token, digest, roots) if roots else None
    if verified is False:
        raise Broken(f"The signature of the timestamp does not verify under {roots}.")
    if verified:
        yield f"  Its signature verifies under {roots}."
        return
    why = "openssl is not installed" if roots else "that needs the authority's root certificate (--timestamp-root)"
    yield f"  Its signature was not checked: {why}. With openssl: openssl ts -verify -digest {digest.hex()}"
    yield f"    -in {name[: -len('.json')]}.tsr -CAfile ROOT.pem"


def check_opened(files: Mapping[str, bytes]) -> Iterator[str]:
    """Check that words which were opened are those that were sealed: by the digest of what is inside."""
    for name in sorted(files):
        if not name.startswith(OPENED):
            continue
        sealed = "data/" + name[len(OPENED) :]
        said = _json(_file(files, sealed)).get("sealed")
        if not isinstance(said, dict) or hashlib.sha256(files[name]).hexdigest() != said.get("sha256"):
            raise Broken(f"The file {name} is not what was sealed in {sealed}.")
        yield f"Opened: {name} is what was sealed in {sealed}."


def read_folder(folder: Path) -> dict[str, bytes]:
    """Return the files below a folder, by their names in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".DS_Store"
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the bundle in a folder, and say what holds."""
    parser = argparse.ArgumentParser(prog="verify.py", description="Check an evidence bundle of Takeback.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--key", default="", help="The key that signs the service's bundles, from elsewhere.")
    parser.add_argument("--log-key", default="", help="The key of the service's public log, from elsewhere.")
    parser.add_argument("--timestamp-root", default="", help="A file with certificates (PEM) that you believe.")
    parser.add_argument(
        "--witness", action="append", default=[], help="The key of a witness that has to have signed; repeatable."
    )
    given = parser.parse_args(arguments)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that lacks a letter stops nothing
    try:
        believed = Believed(given.key, given.log_key, given.timestamp_root, given.witness)
        for sentence in check(read_folder(given.folder), believed):
            print(sentence)
    except MALFORMED as problem:
        missing = not isinstance(problem, Broken)
        print(f"This does not hold: {f'a part is missing ({problem})' if missing else problem}")
        return 1
    except OSError as problem:
        print(f"The folder cannot be read: {problem}")
        return 2
    print("All of this holds.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
