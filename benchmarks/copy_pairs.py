"""
What every edited photograph of the copy benchmark has in common with every entry, by every fact.

Two ways, since both happen. Notice first: the upload is there with its pixels, the entry is what the person gave.
Upload first: of the upload only what is kept of an item is there, and the notice comes with its pixels. For each
pair the strongest fact of each kind is written down, far beyond the thresholds, so that thresholds are applied
afterwards, and what is wrong is counted over all pairs.
"""

from __future__ import annotations

import io
import os
import time
import zlib
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
import pdqhash
import PIL.Image
from numpy.typing import NDArray

from benchmarks.edits import NamedEdit, all_edits, as_upload
from benchmarks.photographs import Photograph
from takeback.bank import Reach
from takeback.cases.notice import Level, ReportedPicture
from takeback.fingerprint import DESCRIPTOR_VALUES, CopyDescriptor, Descriptor
from takeback.fingerprint.sscd import default_model
from takeback.fingerprint.take import look_at
from takeback.index.indexes import Indexes, Searchable
from takeback.media import MediaLimits
from takeback.registration import LocalFeatures
from takeback.store.prints import KnownBy
from takeback.workflow.closer import described, features_of
from takeback.workflow.evidence import gather
from takeback.workflow.picture import reported_of
from takeback.workflow.query import Query, known_by_of_reported, query_of_fingerprints, query_of_reported

ORIGINAL_QUALITY = 92
OTHER_STEP = 7
"""The picture of something else that a collage takes is the one so many further on: it is really there."""
REACH = Reach(bits=64, similarity=0.15, inliers=4)
NONE = np.array([257, -1, 0], np.float32)
"""Distance, similarity and inliers where nothing was found within `REACH`."""

type Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sample:
    """One photograph as an entry, and its edited uploads, by the names of the edits."""

    reported: ReportedPicture
    pdq: NDArray[np.uint8]
    uploads: dict[str, Upload]


@dataclass(frozen=True, slots=True)
class Upload:
    """One edited photograph: its query, HMA's hash of it, bits [256], and how long each step took."""

    query: Query
    pdq: NDArray[np.uint8]
    seconds: dict[str, float]


@dataclass(frozen=True, slots=True)
class Pairs:
    """
    `facts` float32 [edits, photographs, entries, 3] are distance, similarity, inliers: an edited photograph's with
    each entry. `hma` and `sscd` [edits, photographs, entries] are what one hash and one view have.
    """

    facts: Floats
    hma: Floats
    sscd: Floats


def samples(photographs: Sequence[Photograph], edits: Sequence[NamedEdit] = ()) -> list[Sample]:
    """Make every edit of every photograph, and take all that can be taken of each, on every core."""
    jobs = [(photographs, number, edits or all_edits()) for number in range(len(photographs))]
    # A fork would copy locks that threads of what ran before it may hold (OpenCV's, the model's), and wait for ever.
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), get_context("spawn")) as pool:
        return list(pool.map(_sample, *zip(*jobs, strict=True)))


def _sample(photographs: Sequence[Photograph], number: int, edits: Sequence[NamedEdit]) -> Sample:
    photograph, other = photographs[number], photographs[(number + OTHER_STEP) % len(photographs)]
    model, pixels, others = describer(), photograph.pixels(), other.pixels()
    original = as_upload(pixels, ORIGINAL_QUALITY)
    looked = look_at(original, MediaLimits())
    uploads = {}
    for edit in edits:
        rng = np.random.default_rng(zlib.crc32(f"{photograph.family}/{edit.name}".encode()))
        uploads[edit.name] = _upload(as_upload(edit.apply(pixels, rng, others)), model)
    (reported, *_) = reported_of(looked, Level.FEATURES, model)
    return Sample(reported, _hma_bits(pixels), uploads)


_loaded: list[CopyDescriptor] = []


def describer() -> CopyDescriptor:
    """Return this process's model, loaded once."""
    if not _loaded:
        model = default_model()
        assert model is not None
        _loaded.append(CopyDescriptor(model))
    return _loaded[0]


def _upload(data: bytes, model: CopyDescriptor) -> Upload:
    began = time.perf_counter()
    looked = look_at(data, MediaLimits())
    seen = time.perf_counter()
    query = query_of_fingerprints(looked.prints)
    descriptors = described(looked, model) if looked.miniatures is not None else ()
    told = time.perf_counter()
    local = features_of(looked) if looked.miniatures is not None else None
    ended = time.perf_counter()
    query = Query(query.digests, query.prints, query.looks, query.unjudged, descriptors, local)
    seconds = {"fingerprint": seen - began, "descriptor": told - seen, "features": ended - told}
    return Upload(query, _hma_bits_of_file(data), seconds)


def _hma_bits(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(pdqhash.compute(pixels)[0], np.uint8)


def _hma_bits_of_file(data: bytes) -> NDArray[np.uint8]:
    return _hma_bits(np.asarray(PIL.Image.open(io.BytesIO(data)).convert("RGB")))


def notice_first(taken: Sequence[Sample], level: Level) -> Pairs:
    """Return what every upload has in common with every entry of `level`, as `POST /api/v1/check` sees it."""
    entries = Store([known_by_of_reported([at_level(sample.reported, level)]) for sample in taken])
    names = list(taken[0].uploads)
    facts = np.tile(NONE, (len(names), len(taken), len(taken), 1))
    for row, name in enumerate(names):
        for column, sample in enumerate(taken):
            entries.write(facts[row, column], sample.uploads[name].query)
    return Pairs(facts, *_rivals(taken, names))


def upload_first(taken: Sequence[Sample], level: Level) -> Floats:
    """Return the same facts where only what is kept of an item is there, and the notice asks."""
    names = list(taken[0].uploads)
    facts = np.tile(NONE, (len(names), len(taken), len(taken), 1))
    for row, name in enumerate(names):
        items = Store([sample.uploads[name].query.kept() for sample in taken])
        for column, sample in enumerate(taken):
            items.write(facts[row, :, column], query_of_reported([at_level(sample.reported, level)]))
    return facts


def at_level(reported: ReportedPicture, level: Level) -> ReportedPicture:
    """Return what the person gives of a picture at `level`."""
    return ReportedPicture(
        pdq=reported.pdq,
        orientations=reported.orientations,
        file_digest=None,
        pixel_digest=None,
        crops=reported.crops,
        descriptor=None if level is Level.FINGERPRINT else reported.descriptor,
        local=reported.local if level is Level.FEATURES else None,
    )


class Store:
    """Everything that is known of some things, in the indexes of the product; their rows are numbered from 0."""

    def __init__(self, known: Sequence[KnownBy]) -> None:
        self.indexes = Indexes()
        self._owner: dict[int, int] = {}
        self._local: dict[int, LocalFeatures] = {}
        for owner, each in enumerate(known):
            self._add(owner, each)

    def write(self, facts: Floats, query: Query) -> None:
        """Write into `facts` [owners, 3] what `query` has in common with each owner."""
        found = gather(query, self.indexes, REACH, lambda keys: {key: self._local[key] for key in keys})
        for key, evidence in found.items():
            row = facts[self._owner[key]]
            if evidence.distance is not None:
                row[0] = min(row[0], evidence.distance)
            if evidence.similarity is not None:
                row[1] = max(row[1], evidence.similarity)
            if evidence.inliers is not None:
                row[2] = max(row[2], evidence.inliers)

    def _add(self, owner: int, known_by: KnownBy) -> None:
        codes = [pdq.code for _, pdq in known_by.prints] + [pdq.code for pdq in known_by.crops]
        key = self._new_key(owner)
        rows = np.frombuffer(b"".join(codes), np.uint8).reshape(-1, 32)
        self.indexes.add(Searchable((np.full(len(rows), key, np.uint64), rows), {}, []))
        for _, descriptor in known_by.descriptors:
            keys = np.array([self._new_key(owner)], np.uint64)
            self.indexes.descriptors_of(descriptor.model_id).add(keys, descriptor.array().reshape(1, -1))
        for local in known_by.local:
            key = self._new_key(owner)
            self._local[key] = local
            self.indexes.local.add(key, local.codes)

    def _new_key(self, owner: int) -> int:
        key = len(self._owner) + 1
        self._owner[key] = owner
        return key


def _rivals(taken: Sequence[Sample], names: Sequence[str]) -> tuple[Floats, Floats]:
    entries = np.stack([sample.pdq for sample in taken]).astype(np.float32)
    described_entries = np.stack([_floats(sample.reported.descriptor) for sample in taken])
    hma, sscd = [], []
    for name in names:
        bits = np.stack([sample.uploads[name].pdq for sample in taken]).astype(np.float32)
        hma.append(bits.sum(1)[:, None] + entries.sum(1)[None] - 2 * bits @ entries.T)
        whole = [sample.uploads[name].query.descriptors for sample in taken]
        sscd.append(np.stack([_floats(each[0][1] if each else None) for each in whole]) @ described_entries.T)
    return np.stack(hma).astype(np.float32), np.stack(sscd).astype(np.float32)


def _floats(descriptor: Descriptor | None) -> Floats:
    return np.zeros(DESCRIPTOR_VALUES, np.float32) if descriptor is None else descriptor.floats()
