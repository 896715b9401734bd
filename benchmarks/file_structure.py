"""
What is said of how files are built, of all photographs at hand; and of small pictures that contradict theirs.

Run by `python -m benchmarks.file_structure FOLDER...`; without a folder, of the photographs beside the project and
those of Debian's packages. Prints, writes no results.
"""

from __future__ import annotations

import hashlib
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.photographs import SHARED
from takeback.errors import InputError
from takeback.examine.structure.agreement import compare_small
from takeback.examine.structure.exif import read_exif
from takeback.examine.structure.file_structure import file_structure
from takeback.examine.subject import Subject, read_subject
from takeback.media import MediaLimits, decode_luminance

FOLDERS = (
    SHARED,
    Path("/usr/share/backgrounds"),
    Path("/usr/share/wallpapers"),
    Path("/usr/share/doc/opencv-doc/examples"),
    Path("/usr/lib/python3/dist-packages/skimage/data"),
)
ENDINGS = {".jpg", ".jpeg", ".mpo", ".png", ".webp", ".heic", ".avif"}
SHARES = (0.08, 0.12, 0.16, 0.25, 0.35)
SEED = 3
REDUCTIONS = (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_NEAREST)

type Plane = NDArray[np.uint8]


def subjects(folders: list[Path]) -> Iterator[tuple[Path, Subject]]:
    """Yield each picture in the folders that can be read, once."""
    seen: set[bytes] = set()
    for folder in folders:
        for path in sorted(each for each in folder.rglob("*") if each.suffix.lower() in ENDINGS and each.is_file()):
            data = path.read_bytes()
            digest = hashlib.sha256(data).digest()
            if digest in seen:
                continue
            seen.add(digest)
            try:
                yield path, read_subject(data, MediaLimits())
            except InputError:
                continue


def as_cameras_do(picture: Plane, random: np.random.Generator) -> Plane:
    """Return a thumbnail with what cameras do to one: bars or cut sides, tones, sharpening, a strong JPEG."""
    height, width = picture.shape
    ratio = width / height
    if abs(np.log(ratio / (4 / 3))) > 0.02 and random.random() < 0.3:
        across, down = min(width, round(height * 4 / 3)), min(height, round(width * 3 / 4))
        left, top = (width - across) // 2, (height - down) // 2
        picture, ratio = picture[top : top + down, left : left + across], 4 / 3
    size = (160, max(round(160 / ratio), 8)) if ratio > 4 / 3 else (max(round(120 * ratio), 8), 120)
    small = cv2.resize(picture, size, interpolation=REDUCTIONS[int(random.integers(3))])
    if random.random() < 0.5:
        framed = np.zeros((120, 160), np.uint8)
        top, left = (120 - small.shape[0]) // 2, (160 - small.shape[1]) // 2
        framed[top : top + small.shape[0], left : left + small.shape[1]] = small
        small = framed
    toned = 255 * (small / 255.0) ** random.uniform(0.75, 1.3)
    sharp = toned + random.uniform(0, 1) * (toned - cv2.GaussianBlur(toned, (0, 0), 1.0))
    _, file = cv2.imencode(
        ".jpg", np.clip(sharp, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(40, 90))]
    )
    return np.asarray(cv2.imdecode(file, cv2.IMREAD_GRAYSCALE), np.uint8)


def spliced(picture: Plane, other: Plane, share: float, random: np.random.Generator) -> Plane:
    """Put a square of another picture into one; its side is a share of the short side."""
    side = int(share * min(*picture.shape, *other.shape))
    top, left = (int(random.integers(each - side)) for each in picture.shape)
    row, column = (int(random.integers(each - side)) for each in other.shape)
    edited = picture.copy()
    edited[top : top + side, left : left + side] = other[row : row + side, column : column + side]
    return edited


def main() -> None:
    """Print all figures."""
    warnings.simplefilter("ignore")
    cv2.setNumThreads(1)
    random = np.random.default_rng(SEED)
    said: Counter[str] = Counter()
    made: Counter[str] = Counter()
    real: list[tuple[Plane, Plane]] = []
    files = thumbnails = cameras = 0
    most = 0.0
    for path, subject in subjects([Path(each) for each in sys.argv[1:]] or list(FOLDERS)):
        files += 1
        found = file_structure(subject)
        said.update(each.key.split(".")[1] for each in found.facts)
        for finding in found.findings:
            print(f"FINDING {path}: {finding.text}")
        thumbnail = read_exif(subject.data).thumbnail
        large = subject.luminance
        large = cv2.resize(large, None, fx=(k := min(1, 1280 / max(large.shape))), fy=k, interpolation=cv2.INTER_AREA)
        large = np.asarray(large, np.uint8)
        if thumbnail:
            thumbnails += 1
            cameras += "camera" in path.parts
            try:
                plane = decode_luminance(thumbnail, limits=MediaLimits())
            except InputError:
                plane = None
            if plane is not None and "camera" in path.parts:
                real.append((plane.plane, large))
        if min(large.shape) >= 200:
            for _ in range(2):
                said_of_it = compare_small(as_cameras_do(large, random), large)
                made[said_of_it.relation] += 1
                most = max(most, said_of_it.difference)
    print(f"{files} files, {thumbnails} with a thumbnail ({cameras} of them as cameras wrote them)")
    print("facts:", dict(sorted(said.items())))
    print("thumbnails made as cameras do:", dict(made), f"at most {most:.1f} grey levels apart")
    for share in SHARES:
        found_of: Counter[str] = Counter()
        for place, (small, large) in enumerate(real):
            other = real[(place + 1 + int(random.integers(len(real) - 1))) % len(real)][1]
            found_of[compare_small(small, spliced(large, other, share, random)).relation] += 1
        print(f"a square of {share:.0%} of the short side put in:", dict(found_of))
    exchanged: Counter[str] = Counter()
    for place, (small, _) in enumerate(real):
        exchanged.update(compare_small(small, real[(place + step) % len(real)][1]).relation for step in (3, 11))
    print("thumbnails of another file:", dict(exchanged))


if __name__ == "__main__":
    main()
