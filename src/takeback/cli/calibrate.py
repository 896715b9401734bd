"""`takeback bank calibrate`: what different pictures of the operator's own reach."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from takeback.bank import Reach, Thresholds
from takeback.calibration import Calibration, Pairs, calibrated
from takeback.cases.notice import Level, ReportedPicture
from takeback.cli.against import Against, known_picture
from takeback.cli.pictures import files_below, picture_reader
from takeback.cli.reported import describer_for
from takeback.cli.terminal import Terminal
from takeback.config import load_settings
from takeback.errors import InputError
from takeback.match import Evidence
from takeback.workflow.closer import Describer, look_closest
from takeback.workflow.evidence import gather, merged
from takeback.workflow.picture import Decoder, reported_of
from takeback.workflow.query import Query, query_of_fingerprints

_FAR = Reach(bits=100, similarity=-1.0, inliers=4)
"""Beyond what any threshold may be; unrelated codes are 128 bits apart."""
_NAMED_PAIRS = 10
OWN = "the operator's own pictures"
"""Where a calibration comes from, unless something else is said."""

type Described = tuple[Query, list[ReportedPicture]]


def calibrate_by(terminal: Terminal, paths: Sequence[Path], *, target: float, origin: str = OWN) -> Calibration:
    """
    Compare every picture below `paths` with every other, and return what follows.

    Pictures that are copies of one another by PDQ or local features are named, and compared with the rest only; so are
    those that come nearest, which may be copies too. Raises `InputError` where there are too few pictures.
    """
    describer, missing = describer_for(Level.FEATURES, load_settings({}, os.environ))
    if missing is not None:
        terminal.say(f"{missing} Their thresholds stay the defaults.")
    names, described = _described(terminal, files_below(paths), describer)
    pairs = _pairs(terminal, names, described)
    return calibrated(
        pairs, pictures=len(names), origin=origin,
        model="" if describer is None else describer.model_id, made_on=datetime.now(UTC).date(), target=target,
    )  # fmt: skip


def _described(
    terminal: Terminal, paths: Sequence[Path], describer: Describer | None
) -> tuple[list[str], list[Described]]:
    def both(decoder: Decoder, data: bytes) -> Described:
        looked = decoder.looked_at(data)
        query = look_closest(query_of_fingerprints(looked.prints), looked, describer=describer)
        return query, reported_of(looked, Level.FEATURES, describer)

    names, described = [], []
    with picture_reader() as reader, terminal.progress("Describing", len(paths)) as step:
        for read in reader.each(paths, both):
            step()
            if read.value is None:
                assert read.problem is not None
                terminal.say(f"Skipped {read.path}: {read.problem.message}")
            elif read.value[1][0].pdq is None:
                terminal.say(f"Left out {read.path}: it has too little detail to be compared.")
            else:
                names.append(str(read.path))
                described.append(read.value)
    return names, described


def _pairs(terminal: Terminal, names: Sequence[str], described: Sequence[Described]) -> Pairs:
    against = Against()
    against.put(known_picture(str(number), pictures) for number, (_, pictures) in enumerate(described))
    count = len(names)
    shape = (count, count)
    bits, similarity, inliers = np.full(shape, 256), np.full(shape, -1.0), np.zeros(shape, np.int64)
    with terminal.progress("Comparing", count) as step:
        for row, (query, _) in enumerate(described):
            near = gather(query, against.indexes, _FAR, against.bank.local_features)
            for entry, evidence in merged(near, against.bank.entries(list(near))).items():
                column = int(entry.public_id)
                bits[row, column], similarity[row, column], inliers[row, column] = _numbers(evidence)
            step()
    # What the model alone takes for a copy may be a mistake of its, of the very kind that is looked for here.
    alike = (bits <= Thresholds().same_bits) | (inliers >= Thresholds().same_inliers)
    copies = alike | alike.T
    different = ~(copies | np.eye(count, dtype=bool))
    if not different.any():
        raise InputError("No two of these pictures are different.", advice="Name a folder of different pictures.")
    _name_copies(terminal, [(names[row], names[column]) for row, column in np.argwhere(np.triu(copies, 1)).tolist()])
    for text, values in (("bits apart", -bits), ("descriptor", similarity), ("details agree", inliers)):
        row, column = divmod(int(np.where(different, values, -np.inf).argmax()), count)
        terminal.say(f"Nearest by {text}, {abs(values[row, column]):.3g}: {names[row]}  {names[column]}")
    return Pairs(bits[different], similarity[different], inliers[different])


def _numbers(evidence: Evidence) -> tuple[int, float, int]:
    return (
        256 if evidence.distance is None else evidence.distance,
        -1.0 if evidence.similarity is None else evidence.similarity,
        evidence.inliers or 0,
    )


def _name_copies(terminal: Terminal, copies: Sequence[tuple[str, str]]) -> None:
    if not copies:
        return
    terminal.say(f"{len(copies)} pairs are copies, or are taken for that, and were left out. Look at them:")
    for first, second in copies[:_NAMED_PAIRS]:
        terminal.say(f"  {first}  {second}")
    if len(copies) > _NAMED_PAIRS:
        terminal.say(f"  and {len(copies) - _NAMED_PAIRS} more")
