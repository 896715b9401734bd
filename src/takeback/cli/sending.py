"""What goes out from the command line about pictures: hashed and described here, and sealed before it is sent."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from takeback.cases import Notice
from takeback.cases.notice import Level, ReportedPicture, sealed_notice
from takeback.cases.sealed import DeskKey
from takeback.cli.pictures import files_below, picture_reader, route_reader
from takeback.cli.reported import as_originals, as_pictures, describer_for
from takeback.cli.server import Server
from takeback.cli.terminal import Terminal
from takeback.config import load_settings
from takeback.errors import InputError, OutsideError
from takeback.fingerprint import PdqHash, Route
from takeback.service.prints import OriginalIn, PictureIn, Strict
from takeback.workflow.picture import original_of, reported_of

NOTICES = "/api/v1/notices"


def desk_keys(terminal: Terminal, server: Server, *, is_asked: bool) -> list[DeskKey]:
    """Return to whom words are sealed; a site that does not answer is no matter where nothing `is_asked` of it."""
    try:
        return [DeskKey(key["id"], key["recipient"]) for key in server.get(f"{NOTICES}/desk-keys")]
    except OutsideError as problem:
        if is_asked:
            raise
        terminal.say(f"{problem.message} It is shown as it is before it is sealed to the people of the desk.")
        return []


def chosen_instances(server: Server, names: Sequence[str]) -> list[str]:
    """Return the ids of the instances that the site forwards notices to, by their names; `InputError` for another."""
    if not names:
        return []
    offered = {each["name"].casefold(): each["id"] for each in server.get(f"{NOTICES}/instances")}
    for name in names:
        if name.casefold() not in offered:
            known = ", ".join(sorted(offered)) or "it forwards to none"
            raise InputError(
                f"The site forwards no notice to {name}: nothing was sent.", advice=f"Name one of these: {known}."
            )
    return [offered[name.casefold()] for name in names]


def sealed(terminal: Terminal, keys: Sequence[DeskKey], notice: Notice, words: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the words as they are sent: sealed to the site's desk, where that has keys."""
    if not keys:
        return words
    sealed = sealed_notice(notice, keys).sealed
    assert sealed is not None
    terminal.say("What you say and who you are is sealed to the people of the desk: the service cannot read it.")
    open_fields = {name: value for name, value in words.items() if name in ("laws", "links", "under_18", "forward_to")}
    return {**open_fields, "sealed": sealed.as_json()}


def body_of(
    words: Mapping[str, Any], *, pictures: Sequence[PictureIn], originals: Sequence[OriginalIn]
) -> dict[str, Any]:
    """Return what is sent: the fields in `words`, and what stands for each picture."""
    body = {"pictures": _dumped(pictures), **words}
    return body | {"originals": _dumped(originals)} if originals else body


def _dumped(values: Sequence[Strict]) -> list[dict[str, Any]]:
    return [each.model_dump(exclude_none=True) for each in values]


def hashed(terminal: Terminal, files: Sequence[Path], give: Level) -> list[PictureIn]:
    """Hash the pictures, also those in folders; one that cannot be read stops the notice, since she means them all."""
    paths, pictures = files_below(files), list[PictureIn]()
    if not paths:
        return pictures
    describer, missing = describer_for(give, load_settings({}, os.environ))
    if missing is not None:
        terminal.say(missing)
    with (
        picture_reader() as reader,
        route_reader(Route.NEAREST_512) as route,
        terminal.progress("Hashing, on this machine", len(paths)) as step,
    ):
        reads = reader.each(paths, lambda decoder, data: reported_of(decoder.looked_at(data), give, describer))
        codes = route.each(paths, lambda decoder, data: decoder.fingerprint(data).upright)
        for read, code in zip(reads, codes, strict=True):
            if read.value is None:
                assert read.problem is not None
                raise InputError(f"{read.path}: {read.problem.message} Nothing was sent.", advice=read.problem.advice)
            if any(each.pdq is None for each in read.value):
                terminal.say(f"{read.path} has little detail: only equal copies of it can be found.")
            pictures += as_pictures(_with_stored(read.value, code.value))
            step()
    return pictures


def _with_stored(reported: Sequence[ReportedPicture], code: PdqHash | None) -> Sequence[ReportedPicture]:
    """Return the pictures of one file, the first with what StopNCII's list holds of it, where that says something."""
    if code is None or not code.is_telling or reported[0].pdq is None:
        return reported
    return [replace(reported[0], nearest_512=code), *reported[1:]]


def described(terminal: Terminal, files: Sequence[Path], give: Level) -> list[OriginalIn]:
    """Describe ordinary pictures, as altered copies of them are found: with the descriptor at least."""
    paths = files_below(files)
    if not paths:
        return []
    give = Level.DESCRIPTOR if give is Level.FINGERPRINT else give
    describer, missing = describer_for(give, load_settings({}, os.environ))
    if missing is not None:
        terminal.say(missing)
    originals = []
    with picture_reader() as reader, terminal.progress("Describing, on this machine", len(paths)) as step:
        for read in reader.each(paths, lambda decoder, data: original_of(decoder.looked_at(data), give, describer)):
            if read.problem is not None:
                raise InputError(f"{read.path}: {read.problem.message} Nothing was sent.", advice=read.problem.advice)
            if read.value is None:
                raise InputError(
                    f"{read.path} has too little detail: altered copies of it cannot be told. Nothing was sent.",
                    advice="Name another ordinary picture, or leave it out.",
                )
            originals.append(read.value)
            step()
    return as_originals(originals)
