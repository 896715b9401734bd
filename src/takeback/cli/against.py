"""What `takeback match` compares with: the pictures of a folder, or a file of fingerprints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from takeback.bank import Entry, EntryState, MemoryBank, Opinion, Thresholds
from takeback.cases.notice import Level, ReportedPicture
from takeback.cli.bank_file import SUFFIXES, Known, read_bank_file
from takeback.cli.pictures import PictureReader, files_below
from takeback.cli.terminal import Terminal
from takeback.errors import InputError
from takeback.fingerprint import MIN_QUALITY
from takeback.index.indexes import Indexes
from takeback.index.interface import CODE_BYTES
from takeback.workflow.closer import Describer
from takeback.workflow.picture import Decoder, original_of, reported_of
from takeback.workflow.query import known_by_of_reported


class Against:
    """Everything that is looked for: `bank` and `indexes`, as `screen_query` takes them, and `size` entries."""

    def __init__(self) -> None:
        self.bank = MemoryBank()
        self.indexes = Indexes()
        self.size = 0
        self.holds_originals = False
        self.by_digest_only = 0
        self.left_out = 0
        self._last_key = 0

    def put(self, known: Iterable[Known]) -> None:
        """Add what is looked for; a fingerprint of too little detail stays out of the indexes."""
        codes: list[tuple[int, bytes]] = []
        for each in known:
            strong = [pdq.code for pdq in each.prints if pdq.quality >= MIN_QUALITY]
            if not strong and not each.digests:
                self.left_out += 1
                continue
            self.size += 1
            self.by_digest_only += not strong
            key = self._new_key()
            codes += [(key, code) for code in (*strong, *(crop.code for crop in each.crops))]
            keys, local = [key], {}
            for descriptor in each.descriptors:
                keys.append(self._new_key())
                values = descriptor.array().reshape(1, -1)
                self.indexes.descriptors_of(descriptor.model_id).add(np.array(keys[-1:], np.uint64), values)
            for features in each.local:
                keys.append(self._new_key())
                self.indexes.local.add(keys[-1], features.codes)
                local[keys[-1]] = features
            state = EntryState.GATED if each.tiles is None else EntryState.ORIGINAL
            self.holds_originals |= state is EntryState.ORIGINAL
            entry = _entry(self.size, each.name, state)
            self.bank.put(entry, keys=keys, digests=each.digests, local=local, tiles=each.tiles)
        rows = np.frombuffer(b"".join(code for _, code in codes), np.uint8).reshape(-1, CODE_BYTES)
        self.indexes.pdq.add(np.array([key for key, _ in codes], np.uint64), rows)

    def _new_key(self) -> int:
        self._last_key += 1
        return self._last_key


def read_against(
    path: Path, reader: PictureReader[Decoder], describer: Describer | None, terminal: Terminal, *,
    as_originals: bool = False,
) -> Against:  # fmt: skip
    """
    Read a folder of pictures, a bank file, or one picture; `as_originals` it has to be pictures, ordinary ones.

    What cannot be used is named on stderr. Raises `InputError` where there is nothing to compare with, and
    `MalformedHash` where a line of a bank file is none.
    """
    against = Against()
    if path.is_dir() or path.suffix.lower() not in SUFFIXES:
        against.put(_pictures(path, reader, describer, terminal, as_originals=as_originals))
    elif as_originals:
        raise InputError(
            f"{path.name} is a file of fingerprints; with --originals the pictures themselves are needed.",
            advice="Name a picture, or a folder of them.",
        )
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


def _pictures(
    path: Path, reader: PictureReader[Decoder], describer: Describer | None, terminal: Terminal, *, as_originals: bool
) -> Iterator[Known]:  # fmt: skip
    def everything(decoder: Decoder, data: bytes) -> list[ReportedPicture]:
        looked = decoder.looked_at(data)
        if as_originals:
            original = original_of(looked, Level.FEATURES, describer)
            return [] if original is None else [original]
        return reported_of(looked, Level.FEATURES, describer)

    paths = files_below([path])
    folder = path if path.is_dir() else path.parent
    with terminal.progress(f"Reading {path.name}", len(paths)) as step:
        for read in reader.each(paths, everything):
            if read.value == []:
                terminal.say(f"Left out {read.path}: altered copies of a picture with so little detail cannot be told.")
            elif read.value is not None:
                yield known_picture(read.path.relative_to(folder).as_posix(), read.value)
            elif read.problem is not None:
                terminal.say(f"Skipped {read.path}: {read.problem.message}")
            step()


def known_picture(name: str, pictures: Sequence[ReportedPicture]) -> Known:
    """Return what is known of one picture, or of the frames of one animation."""
    known_by = known_by_of_reported(pictures)
    return Known(
        name,
        [pdq for _, pdq in known_by.prints],
        [value for _, value in known_by.digests],
        known_by.crops,
        [descriptor for _, descriptor in known_by.descriptors],
        known_by.local,
        next(iter(known_by.tiles), None),
    )


def _entry(number: int, name: str, state: EntryState) -> Entry:
    return Entry(
        id=number,
        public_id=name,
        bank="against",
        source="command-line",
        opinion=Opinion.POSITIVE,
        state=state,
        expires_at=None,
        case_id=None,
        thresholds=Thresholds(),
    )
