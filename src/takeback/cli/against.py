"""What `takeback match` compares with: the pictures of a folder, or a file of fingerprints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from takeback.bank import Entry, EntryState, MemoryBank, Opinion, Thresholds
from takeback.cli.bank_file import SUFFIXES, Known, read_bank_file
from takeback.cli.pictures import PictureReader, files_below
from takeback.cli.terminal import Terminal
from takeback.errors import InputError
from takeback.fingerprint import MIN_QUALITY, Fingerprints
from takeback.index import HammingIndex
from takeback.index.interface import CODE_BYTES
from takeback.workflow.picture import Decoder


class Against:
    """Everything that is looked for: `bank` and `index`, as `screen_query` takes them, and `size` entries."""

    def __init__(self) -> None:
        self.bank = MemoryBank()
        self.index = HammingIndex()
        self.size = 0
        self.by_digest_only = 0
        self.left_out = 0

    def put(self, known: Iterable[Known]) -> None:
        """Add what is looked for; a fingerprint of too little detail stays out of the index."""
        codes: list[bytes] = []
        for each in known:
            strong = [pdq.code for pdq in each.prints if pdq.quality >= MIN_QUALITY]
            if not strong and not each.digests:
                self.left_out += 1
                continue
            self.size += 1
            self.by_digest_only += not strong
            keys = range(len(codes) + 1, len(codes) + 1 + len(strong))
            self.bank.put(_entry(self.size, each.name), keys=keys, digests=each.digests)
            codes += strong
        rows = np.frombuffer(b"".join(codes), np.uint8).reshape(-1, CODE_BYTES)
        self.index.add(np.arange(1, len(codes) + 1, dtype=np.uint64), rows)


def read_against(path: Path, reader: PictureReader[Decoder], terminal: Terminal) -> Against:
    """
    Read a folder of pictures, a bank file, or one picture.

    What cannot be used is named on stderr. Raises `InputError` where there is nothing to compare with, and
    `MalformedHash` where a line of a bank file is none.
    """
    against = Against()
    if path.is_dir() or path.suffix.lower() not in SUFFIXES:
        against.put(_pictures(path, reader, terminal))
    else:
        with terminal.progress(f"Reading {path.name}", total=None):
            against.put(read_bank_file(path))
    if not against.size:
        raise InputError(f"There is nothing to compare with in {path}.", advice="Name a folder that holds pictures.")
    if against.left_out:
        terminal.say(f"{against.left_out} in {path} left out: nothing in them can be compared.")
    if against.by_digest_only:
        terminal.say(f"{against.by_digest_only} in {path} without a usable fingerprint: only equal copies are found.")
    return against


def _pictures(path: Path, reader: PictureReader[Decoder], terminal: Terminal) -> Iterator[Known]:
    paths = files_below([path])
    folder = path if path.is_dir() else path.parent
    with terminal.progress(f"Reading {path.name}", len(paths)) as step:
        for read in reader.each(paths, lambda decoder, data: decoder.fingerprints(data)):
            if read.value is not None:
                yield _known(read.path.relative_to(folder).as_posix(), read.value)
            elif read.problem is not None:
                terminal.say(f"Skipped {read.path}: {read.problem.message}")
            step()


def _known(name: str, prints: Fingerprints) -> Known:
    frames = prints.telling_frames
    digests = [prints.file_digest, *(frame.pixel_digest for frame in frames)]
    return Known(name, [frame.upright for frame in frames], digests)


def _entry(number: int, name: str) -> Entry:
    return Entry(
        id=number,
        public_id=name,
        bank="against",
        source="command-line",
        opinion=Opinion.POSITIVE,
        state=EntryState.GATED,
        expires_at=None,
        case_id=None,
        thresholds=Thresholds(),
    )
