"""
Nextcloud, by a tag that its app *File access control* denies, as an account that may edit the files in question.

Nobody there ends or hides another's share, an administrator neither: `canAccessShare` and `canDeleteShare` of
`ShareAPIController` (nextcloud/server, apps/files_sharing) know owner, sharer and recipient. A tag can be put on a file
over WebDAV by whoever has it in their own folders with the right to change it (`SystemTagsRelationsCollection`,
`SystemTagsObjectMappingCollection`, apps/dav/lib/SystemTag), so on what lies in a Team folder of which the account is a
member, or is shared with it. A rule of *File access control* then denies what has the tag to everybody but that
account, by a public link too (nextcloud/files_accesscontrol, issue 733); the account is left out, since a file that it
may not change it could not take the tag from.

Hold and removal are the same tag; the way back takes it off. Bytes, address and shares stay as they are.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self
from urllib.parse import parse_qs, urlsplit

from takeback.actions.interface import Action, ActionKind, Can, Outcome
from takeback.actions.outgoing import OutgoingHttp, Response
from takeback.actions.platforms.api import MAX_ANSWER_BYTES, Access, PlatformApi, path_below
from takeback.errors import DeliveryError, InputError

CAN = Can(
    reconcile=False,
    limits=(
        "Only what lies in a Team folder of the account, or is shared with it with the right to edit, can be hidden: "
        "what is somebody's own fails, and is left to an administrator on the server (occ).",
        "Without the rule of File access control that denies the tag, nothing is hidden by it.",
        "Names and tags of what is hidden are still listed; whoever synchronised it has it on their own device.",
        "A removal keeps the file where it is, closed to all: delete it there once nobody can contest any more.",
    ),
)

_NUMBER = re.compile(r"[1-9][0-9]{0,18}")
_TOKEN = re.compile(r"[A-Za-z0-9-]{1,32}")
"""Since Nextcloud 31 whoever shares may choose it: letters, digits, hyphens (nextcloud/server, pull request 49317)."""
_FILE_ID = re.compile(rb"<oc:fileid>([1-9][0-9]{0,18})</oc:fileid>")
_IS_FOLDER = re.compile(rb"<d:collection\s*/>")
_WHICH = (
    b'<?xml version="1.0"?><d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop><oc:fileid/>'
    b"<d:resourcetype/></d:prop></d:propfind>"
)
_NO_RIGHT = (
    "Nextcloud does not let the account tag this (HTTP status 403): it needs the right to edit the file, and to be in "
    "a group that may use the tag."
)
_UNREACHABLE = (
    "Nextcloud has no such file for the account: it is deleted, or somebody's own, which nobody else can hide by its "
    "API. Look for it there, and hide it on the server (docs/platforms/nextcloud.md); then settle the copy."
)


@dataclass(frozen=True, slots=True)
class NextcloudKey:
    """What the token file says: an account with an app password of its own, and the number of the tag."""

    user: str
    password: str = field(repr=False)
    tag: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the section `default`; raises `InputError` where something is missing."""
        parser = ConfigParser(interpolation=None)
        try:
            parser.read_string(text)
            said = parser["default"]
            key = cls(said["user"], said["password"], said["tag"])
        except (ConfigError, KeyError):
            raise _malformed() from None
        if not key.user or ":" in key.user or not key.password or not _NUMBER.fullmatch(key.tag):
            raise _malformed()
        return key


def check_token(token: str) -> None:
    """Raise `InputError` where a token file is not one."""
    NextcloudKey.parse(token)


class NextcloudConnector:
    """Asks one Nextcloud; `SiteConnector` says what it promises."""

    def __init__(self, access: Access, http: OutgoingHttp, *, clock: Callable[[], datetime]) -> None:
        self._access = access
        self._http = http
        self._key = NextcloudKey.parse(access.token)
        self._api = PlatformApi("Nextcloud", access, {}, http, clock)
        self._root = access.api_url.rstrip("/")

    @property
    def can(self) -> Can:
        """See `CAN`."""
        return CAN

    async def deliver(self, action: Action) -> Outcome:
        """See `SiteConnector.deliver`."""
        if action.kind is ActionKind.RECONCILE:
            raise self._api.never("Nextcloud does not say whether a file is gone, or only not shared with the account.")
        number = await self._number(action)
        if action.kind is ActionKind.PUT_BACK:
            await self._untag(number)
        else:
            await self._tag(number)
        return Outcome()

    async def _tag(self, number: str) -> None:
        answer = await self._ask("PUT", f"/remote.php/dav/systemtags-relations/files/{number}/{self._key.tag}", b"")
        # What has the tag already is no file to be written to (sabre/dav: "PUT is only allowed on files").
        if answer.status in (201, 204, 409):
            return
        if answer.status == 412:
            raise self._api.never(
                f"Nextcloud has no tag {self._key.tag} that the account sees (HTTP status 412): make it, and give its "
                "number with `takeback site token`."
            )
        self._judge(answer)
        raise self._api.unusable()

    async def _untag(self, number: str) -> None:
        place = f"/remote.php/dav/systemtags-relations/files/{number}"
        answer = await self._ask("DELETE", f"{place}/{self._key.tag}", None)
        if answer.status == 204:
            return
        # A file without the tag, and one that the account does not have, are both 404; so is all to a proxy.
        if answer.status == 404:
            tagged = await self._ask("PROPFIND", f"{place}/{self._key.tag}", _WHICH)
            there = await self._ask("PROPFIND", place, _WHICH)
            if (tagged.status, there.status) == (404, 207):
                return
            if tagged.status == 207:
                raise self._api.unusable()
            answer = there
        self._judge(answer)
        raise self._api.unusable()

    def _judge(self, answer: Response) -> None:
        if answer.status == 403:
            raise self._api.never(_NO_RIGHT)
        if answer.status == 404:
            raise self._api.never(_UNREACHABLE)
        if answer.status == 423:
            raise DeliveryError("Nextcloud has this file locked: somebody writes to it.")
        self._api.judge(answer)

    async def _number(self, action: Action) -> str:
        """Return the number of a file: the site's own id, or of `/f/1`, `/apps/files/files/1`, `/s/TOKEN`."""
        own = (action.item_id or "").removeprefix("file/")
        if _NUMBER.fullmatch(own):
            return own
        path = path_below(self._access.base_url, action.url) or ()
        path = path[1:] if path[:1] == ("index.php",) else path
        query = parse_qs(urlsplit(action.url or "").query)
        if path[:1] == ("s",) and len(path) == 2 and _TOKEN.fullmatch(path[1]) and not query:
            return await self._shared(path[1])
        asked = query.get("fileid", query.get("openfile", [""]))[0] if path[:2] == ("apps", "files") else ""
        in_path = path[-1] if path[:-1] in (("f",), ("apps", "files", "files")) else ""
        for number in (in_path, asked):
            if _NUMBER.fullmatch(number):
                return number
        raise self._api.never(
            "This is no file that can be named to Nextcloud (/f/123, /s/TOKEN of one file): look at it there."
        )

    async def _shared(self, token: str) -> str:
        """Return the number of what a public link shows, as anybody may ask for it (since Nextcloud 29)."""
        url = f"{self._root}/public.php/dav/files/{token}/"
        # As the page of a link asks: without it all is 401 where nothing may be shared with other servers.
        headers = {"Depth": "0", "Content-Type": "application/xml", "X-Requested-With": "XMLHttpRequest"}
        answer = await self._http.ask("PROPFIND", url, headers, _WHICH, max_bytes=MAX_ANSWER_BYTES)
        # Newer versions call what they do not find a fault of theirs, and name what it was in the message.
        is_unknown = answer.status == 503 and b"\\Exception\\NotFound" in answer.body
        if answer.status in (401, 403, 404) or is_unknown:
            raise self._api.never(
                f"Nextcloud does not say what this link shows (HTTP status {answer.status}): it is ended, has a "
                "password, or is hidden. Find the file there, and its number (/f/123)."
            )
        self._api.judge(answer)
        found = _FILE_ID.findall(answer.body)
        if answer.status != 207 or len(found) != 1:
            raise self._api.unusable()
        if _IS_FOLDER.search(answer.body):
            raise self._api.never("This link shows a folder, of which nobody said which file: look at it there.")
        return str(found[0].decode())

    async def _ask(self, method: str, path: str, body: bytes | None) -> Response:
        who = base64.b64encode(f"{self._key.user}:{self._key.password}".encode()).decode()
        headers = {"Authorization": f"Basic {who}"}
        if method == "PROPFIND":
            headers |= {"Depth": "0", "Content-Type": "application/xml"}
        return await self._http.ask(method, self._root + path, headers, body, max_bytes=MAX_ANSWER_BYTES)


def _malformed() -> InputError:
    return InputError(
        "This is no token file of a Nextcloud: something is missing in it.",
        advice="It has a section [default] with user, password and tag, the tag's number; docs/platforms/nextcloud.md "
        "shows one.",
    )
