"""
A store that speaks S3: what is asked of it, signed as Amazon documents it, and what its answers come to.

The shapes are those of the Amazon S3 API reference (HeadObject, CopyObject with its errors behind status 200,
DeleteObject, which says 204 of what is not there too) and of "Signature Calculations for the Authorization Header",
whose published example the signature is checked against.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.actions.platforms.server import AT, HANGS, Asked, Said, action, platform, reconcile

from takeback.actions.interface import ActionKind, Outcome
from takeback.actions.outgoing import OutgoingHttp
from takeback.actions.platforms.api import Access
from takeback.actions.platforms.known import PLATFORMS
from takeback.actions.platforms.s3_signature import signed_headers
from takeback.errors import DeliveryError, InputError

if TYPE_CHECKING:
    from tests.unit.actions.platforms.conftest import Deliver

HOLD, REMOVE, PUT_BACK = ActionKind.HOLD, ActionKind.REMOVE, ActionKind.PUT_BACK
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
KEY = f"""[default]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = {SECRET}
region = eu-central-1
quarantine = closed/takeback
"""
BYTES = b"a drawn picture"
_COPIED = b'<?xml version="1.0"?><CopyObjectResult><ETag>"x"</ETag></CopyObjectResult>'
_BROKE_OFF = b'<?xml version="1.0"?><Error><Code>InternalError</Code><Message>s@one.example</Message></Error>'


@dataclass
class Store:
    """A store with objects by their paths; what is below `open_below` everyone can read."""

    objects: dict[str, bytes] = field(default_factory=lambda: {"/media/a/b c.png": BYTES})
    open_below: str = "/media/"
    instead: dict[str, Said] = field(default_factory=dict)
    purged: list[Any] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Said:
        path = asked.path.replace("%20", " ")
        if f"{asked.method} {path}" in self.instead:
            return self.instead[f"{asked.method} {path}"]
        if path == "/purge":
            self.purged.append((asked.headers.get("authorization"), asked.json))
            return Said(200)
        if "authorization" not in asked.headers:
            return Said(200 if path in self.objects and path.startswith(self.open_below) else 403)
        if not _is_signed(asked):
            return Said(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
        if asked.method == "HEAD":
            data = self.objects.get(path)
            return Said(404) if data is None else Said(200, None, {"Content-Length": str(len(data)), "ETag": '"x"'})
        if asked.method == "PUT":
            self.objects[path] = self.objects[asked.headers["x-amz-copy-source"].replace("%20", " ")]
            return Said(200, _COPIED)
        self.objects.pop(path, None)
        return Said(204)


def _is_signed(asked: Asked) -> bool:
    names = asked.headers["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    ours = {"host", "x-amz-date", "x-amz-content-sha256"}
    sent = {name: asked.headers[name] for name in names if name not in ours}
    expected = signed_headers(
        asked.method, asked.headers["host"], asked.path, sent, key_id="AKIAIOSFODNN7EXAMPLE", secret=SECRET,
        region="eu-central-1", at=AT,
    )  # fmt: skip
    return expected["Authorization"] == asked.headers["authorization"]


def _by_link(kind: ActionKind, path: str = "/a/b%20c.png") -> Any:
    return lambda root: action(kind, url=root + path)


def test_a_request_is_signed_as_amazon_s_published_example() -> None:
    headers = signed_headers(
        "GET", "examplebucket.s3.amazonaws.com", "/test.txt", {"Range": "bytes=0-9"}, key_id="AKIAIOSFODNN7EXAMPLE",
        secret=SECRET, region="us-east-1", at=datetime(2013, 5, 24, tzinfo=UTC),
    )  # fmt: skip
    assert headers["x-amz-content-sha256"] == hashlib.sha256(b"").hexdigest()
    assert headers["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )


@pytest.mark.parametrize("kind", [HOLD, REMOVE])
def test_an_object_is_moved_into_quarantine_and_comes_back_the_same(deliver: Deliver, kind: ActionKind) -> None:
    there = Store()
    outcome, server = deliver("s3", there, _by_link(kind), token=KEY, api_path="/media", times=2)
    assert outcome == Outcome()
    assert there.objects == {"/closed/takeback/a/b c.png": BYTES}
    copy, delete = server.changes
    assert copy.line == "PUT /closed/takeback/a/b%20c.png"
    assert copy.headers["x-amz-copy-source"] == "/media/a/b%20c.png"
    assert delete.line == "DELETE /media/a/b%20c.png"
    outcome, server = deliver(
        "s3", there, _by_link(PUT_BACK), token=f"{KEY}acl = public-read\n", api_path="/media", times=2
    )
    assert outcome == Outcome()
    assert there.objects == {"/media/a/b c.png": BYTES}
    assert server.changes[0].headers["x-amz-acl"] == "public-read"


def test_the_cache_before_the_store_is_told_each_time(deliver: Deliver) -> None:
    there = Store()

    async def run() -> None:
        async with platform(there) as server:
            # The store and the hook are one server here.
            token = f"{KEY}purge_url = {server.url}/purge\npurge_token = of-the-cache\n"
            access = Access("https://media.example/files/", f"{server.url}/media", token)
            connector = PLATFORMS["s3"].connect(access, OutgoingHttp([server.name]), clock=lambda: AT)
            for _ in range(2):
                assert await connector.deliver(action(HOLD, "a/b c.png")) == Outcome()

    asyncio.run(run())
    assert there.purged == [("Bearer of-the-cache", {"url": "https://media.example/files/a/b%20c.png"})] * 2


def test_nothing_is_deleted_that_was_not_copied_whole(deliver: Deliver) -> None:
    quarantine = "/closed/takeback/a/b c.png"
    for instead in (
        {f"PUT {quarantine}": Said(200, _BROKE_OFF)},
        {f"PUT {quarantine}": Said(500)},
        {f"HEAD {quarantine}": Said(200, None, {"Content-Length": "3"})},
        {f"HEAD {quarantine}": Said(404)},
    ):
        older = {} if "404" in str(instead) else {quarantine: bytes(len(BYTES))}
        there = Store(objects={"/media/a/b c.png": BYTES, **older}, instead=instead)
        problem, server = deliver("s3", there, _by_link(HOLD), token=KEY, api_path="/media")
        assert isinstance(problem, DeliveryError)
        assert not problem.permanent
        assert "/media/a/b c.png" in there.objects
        assert [each.method for each in server.changes] == ["PUT"]


def test_a_quarantine_that_everyone_can_read_is_said(deliver: Deliver) -> None:
    problem, _ = deliver("s3", Store(open_below="/"), _by_link(HOLD), token=KEY, api_path="/media")
    assert isinstance(problem, DeliveryError)
    assert problem.permanent
    assert "can be read by everyone" in problem.message


def test_an_object_that_is_in_neither_place_is_gone(deliver: Deliver) -> None:
    outcome, server = deliver("s3", Store(objects={}), _by_link(HOLD), token=KEY, api_path="/media")
    assert outcome == Outcome(gone=(f"{server.url}/a/b%20c.png",))
    lost, _ = deliver("s3", Store(objects={}), _by_link(PUT_BACK), token=KEY, api_path="/media")
    assert isinstance(lost, DeliveryError)
    assert "it is lost" in lost.message
    there = Store(objects={"/media/1.png": BYTES, "/closed/takeback/2.png": BYTES})
    asked = ("1.png", "2.png", "3.png", "../x")
    outcome, _ = deliver("s3", there, lambda _root: reconcile(*asked), token=KEY, api_path="/media")
    assert outcome == Outcome(gone=("3.png",))


@pytest.mark.parametrize("path", ["/", "/a/%2E%2E/b.png", "/a/..%2F..%2Fclosed/x"])
def test_an_address_that_names_no_object_is_not_asked_about(deliver: Deliver, path: str) -> None:
    problem, server = deliver("s3", Store(), _by_link(REMOVE, path), token=KEY, api_path="/media")
    assert isinstance(problem, DeliveryError)
    assert problem.permanent
    assert server.asked == []


@pytest.mark.parametrize(
    ("said", "permanent", "message"),
    [
        (Said(403), True, "takeback site token"),
        (Said(301, None, {"x-amz-bucket-region": "us-west-2"}), True, "in the region us-west-2"),
        (Said(301, None, {"x-amz-bucket-region": "eu-central-1"}), True, "another address"),
        (Said(400, None, {"x-amz-bucket-region": "<s@one.example>"}), True, "HTTP status 400"),
        (Said(503, None, {"Retry-After": "3"}), False, "HTTP status 503"),
        (Said(500), False, "HTTP status 500"),
        (HANGS, False, "in time"),
    ],
)
def test_each_answer_that_is_no_success_ends_in_a_clear_state(
    deliver: Deliver, said: Said, permanent: bool, message: str
) -> None:
    there = Store(instead={"HEAD /media/a/b c.png": said})
    problem, server = deliver("s3", there, _by_link(HOLD), token=KEY, api_path="/media", quick=said is HANGS)
    assert isinstance(problem, DeliveryError)
    assert problem.permanent is permanent
    assert message in problem.message
    assert SECRET not in problem.message + problem.advice
    assert server.changes == []


@pytest.mark.parametrize("token", ["", "AKIA secret", "[default]\nregion = x\n", KEY.replace("quarantine", "other")])
def test_a_token_file_of_another_form_is_refused_when_the_site_is_added(token: str) -> None:
    with pytest.raises(InputError, match="no token file of a store"):
        PLATFORMS["s3"].check_token(token)
    PLATFORMS["s3"].check_token(KEY)
