"""
A store that speaks S3, where a site serves its files out of a bucket.

A hold and a removal are the same: the object is copied into a quarantine that nobody can read, the copy is compared,
the object is deleted where it was, and a cache before the store is told so. The way back copies it to its old place,
with its metadata, byte by byte the same. What lies in quarantine ends by a rule of the bucket, when the time to contest
is over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self
from urllib.parse import quote

from takeback.actions.destination import Destination
from takeback.actions.interface import Action, ActionKind, Can, Outcome
from takeback.actions.outgoing import OutgoingHttp, Response
from takeback.actions.platforms.api import MAX_ANSWER_BYTES, Access, PlatformApi, path_below
from takeback.actions.platforms.s3_signature import signed_headers
from takeback.audit.event import canonical_json
from takeback.errors import DeliveryError, InputError

CAN = Can(
    most_asked=200,
    limits=(
        "Only the one object is hidden: its thumbnails have addresses of their own, and so does every other copy.",
        "A cache before the store goes on serving it until it is told (`purge_url`), or until it forgets.",
        "The page that showed the picture stays, with a gap.",
    ),
)

_REGION = re.compile(r"[a-z0-9-]{1,40}")
_MAX_KEY_BYTES = 1_024
"""Longest key of an object (Amazon S3, naming objects)."""


@dataclass(frozen=True, slots=True)
class S3Key:
    """What the token file of a store says, in the form of `~/.aws/credentials`."""

    key_id: str
    secret: str = field(repr=False)
    region: str
    quarantine: str
    """A bucket at the same store that nobody can read, with or without a prefix behind it."""
    acl: str = ""
    """The access control that an object gets when it is put back, where the bucket goes by these."""
    purge_url: str = ""
    purge_token: str = field(default="", repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the section `default`; raises `InputError` where something is missing."""
        parser = ConfigParser(interpolation=None)
        try:
            parser.read_string(text)
            said = dict(parser["default"])
            return cls(
                said["aws_access_key_id"], said["aws_secret_access_key"], said["region"],
                said["quarantine"].strip("/"), said.get("acl", ""), said.get("purge_url", ""),
                said.get("purge_token", ""),
            )  # fmt: skip
        except (ConfigError, KeyError):
            raise InputError(
                "This is no token file of a store: something is missing in it.",
                advice="It has a section [default] with aws_access_key_id, aws_secret_access_key, region and "
                "quarantine; docs/platforms/s3.md shows one.",
            ) from None


def check_token(token: str) -> None:
    """Raise `InputError` where a token file is not one."""
    S3Key.parse(token)


class S3Connector:
    """Asks one store; `SiteConnector` says what it promises. `api_url` is that of the bucket, host first."""

    def __init__(self, access: Access, http: OutgoingHttp, *, clock: Callable[[], datetime]) -> None:
        self._access = access
        self._http = http
        self._clock = clock
        self._key = S3Key.parse(access.token)
        self._api = PlatformApi("The store", access, {}, http, clock)
        self._to = Destination.parse(access.api_url)
        self._bucket = self._to.target.strip("/")

    @property
    def can(self) -> Can:
        """See `CAN`."""
        return CAN

    async def deliver(self, action: Action) -> Outcome:
        """See `SiteConnector.deliver`."""
        if action.kind is ActionKind.RECONCILE:
            return Outcome(gone=tuple([name for name in action.asked if await self._is_gone(name)]))
        name = self._name(action)
        place, quarantine = self._path(self._bucket, name), self._path(self._key.quarantine, name)
        if action.kind is ActionKind.PUT_BACK:
            await self._move(quarantine, place, {"x-amz-acl": self._key.acl} if self._key.acl else {})
            is_there = await self._head(place) is not None
            if not is_there:
                raise self._api.never("The store has this object no more, not in quarantine either: it is lost.")
        else:
            await self._move(place, quarantine, {})
            is_there = await self._head(quarantine) is not None
            await self._require_closed(quarantine)
        await self._purge(name)
        return Outcome(gone=() if is_there else (action.named,))

    async def _move(self, source: str, target: str, headers: Mapping[str, str]) -> None:
        """Copy an object, compare, and only then delete it where it was; nothing where it is not there."""
        found = await self._head(source)
        if found is None:
            return
        copied = await self._send("PUT", target, {"x-amz-copy-source": source, **headers})
        # A copy that breaks off is told with status 200, and an error in the body.
        if copied.status != 200 or b"CopyObjectResult" not in copied.body:
            raise self._api.unusable()
        there = await self._head(target)
        if there is None or there.get("content-length") != found.get("content-length"):
            raise DeliveryError("The store's copy of the object is not whole; nothing was deleted.")
        deleted = await self._send("DELETE", source, {})
        # Some stores say so of what is not there any more, and a proxy before them of everything.
        if deleted.status == 404 and await self._head(source) is not None:
            raise DeliveryError("The store did not delete the object where it was; it is still served.")

    async def _require_closed(self, quarantine: str) -> None:
        """Raise `DeliveryError` where anybody can read the quarantine."""
        answer = await self._http.ask("HEAD", self._url(quarantine), {}, max_bytes=MAX_ANSWER_BYTES)
        if 200 <= answer.status < 300:
            raise self._api.never(
                "The quarantine can be read by everyone: close that bucket to the public, then try this again."
            )

    async def _head(self, path: str) -> Mapping[str, str] | None:
        answer = await self._send("HEAD", path, {})
        return None if answer.status == 404 else answer.headers

    async def _send(self, method: str, path: str, headers: Mapping[str, str]) -> Response:
        signed = signed_headers(
            method, self._to.authority, path, headers, key_id=self._key.key_id, secret=self._key.secret,
            region=self._key.region, at=self._clock(),
        )  # fmt: skip
        # Its length is told also where there is none, as some stores ask for it.
        body = b"" if method == "PUT" else None
        answer = await self._http.ask(method, self._url(path), signed, body, max_bytes=MAX_ANSWER_BYTES)
        self._judge_region(answer)
        if answer.status == 404 and b"<Code>NoSuchKey</Code>" in answer.body:
            raise DeliveryError("The object was gone when it was to be copied; asked again, the store says what is so.")
        if answer.status != 404 or method == "PUT":
            self._api.judge(answer)
        return answer

    def _judge_region(self, answer: Response) -> None:
        """Raise `DeliveryError` where Amazon names another region: a HEAD has no body that would say what is wrong."""
        region = answer.headers.get("x-amz-bucket-region", "")
        if answer.status in (301, 307, 400) and region != self._key.region and _REGION.fullmatch(region):
            raise self._api.never(
                f"The bucket lies in the region {region} (HTTP status {answer.status}): write that into the token "
                "file, and add the site anew with the address of that region."
            )

    async def _purge(self, name: str) -> None:
        """Tell the cache before the store, if there is one: also again, since it may not have heard."""
        if not self._key.purge_url:
            return
        headers = {"Content-Type": "application/json"}
        if self._key.purge_token:
            headers["Authorization"] = f"Bearer {self._key.purge_token}"
        url = f"{self._access.base_url.rstrip('/')}/{quote(name)}"
        answer = await self._http.ask(
            "POST", self._key.purge_url, headers, canonical_json({"url": url}), max_bytes=MAX_ANSWER_BYTES
        )
        if not 200 <= answer.status < 300:
            raise DeliveryError(f"The cache before the store did not take the purge (HTTP status {answer.status}).")

    async def _is_gone(self, name: str) -> bool:
        """Whether an object is neither at its place nor in quarantine."""
        places = (self._path(self._bucket, name), self._path(self._key.quarantine, name))
        return _is_key(name) and [await self._head(place) for place in places] == [None, None]

    def _name(self, action: Action) -> str:
        """Return the key of an object: the site's own id, or what of an address lies below the public base."""
        name = action.item_id or "/".join(path_below(self._access.base_url, action.url) or ())
        if not _is_key(name):
            raise self._api.never("This address names no object below the public base address: look at it there.")
        return name

    def _path(self, root: str, name: str) -> str:
        return f"/{root}/{quote(name, safe='/-_.~')}"

    def _url(self, path: str) -> str:
        return f"{self._to.scheme}://{self._to.authority}{path}"


def _is_key(name: str) -> bool:
    is_short = 1 <= len(name.encode()) <= _MAX_KEY_BYTES
    return is_short and not any(part in ("", ".", "..") for part in name.split("/")) and name.isprintable()
