"""
The steps of the demonstration, each with what has to happen.

Nothing here reaches around a door: uploads go through the site's form, the notice and the desk through the
service's HTTP, and what is said of a copy is what the site serves. Only the last step opens the store, to
verify the log as an auditor does.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from takeback.assembly import open_store, read_master_key
from takeback.config import Settings
from takeback.demo.client import Client
from takeback.demo.photos import (
    AFTERWARDS,
    EDITS,
    FOUND_BY_LINK,
    LINKED,
    MEANWHILE,
    REPORTED,
    Edit,
    load_photos,
)
from takeback.demo.record import CopyRow, Step, Story
from takeback.demo.stage import Stage
from takeback.errors import OutsideError, TakebackError
from takeback.fingerprint import MATCH_RADIUS, take_fingerprints
from takeback.media import MediaLimits
from takeback.workflow.verify import verify

PATIENCE_SECONDS = 15.0
"""How long a step waits for what has to happen; on a slow machine all of it takes less than a second."""
MAX_NOTICE_BYTES = 4_096
_POLL_SECONDS = 0.02
_SHOWN, _HELD, _REMOVED = 200, 451, 410
"""What the site answers for a picture."""


class Listener(Protocol):
    """Who is told as it happens."""

    def begun(self, name: str) -> None:
        """Hear that a step has begun."""

    def done(self, step: Step) -> None:
        """Hear how it went."""

    def copies(self, rows: Sequence[CopyRow]) -> None:
        """Hear how the copies stand."""


@dataclass(slots=True)
class Scene:
    """Everything that one step leaves for the next."""

    stage: Stage
    listener: Listener
    patience_seconds: float
    photos: Mapping[str, bytes]
    story: Story
    doors: ExitStack
    """Closes every client at the end."""
    site: Client = field(init=False)
    administrator: Client = field(init=False)
    desk: Client = field(init=False)
    person: Client = field(init=False)
    items: dict[str, str] = field(default_factory=dict)
    """Item id by the title under which it was uploaded."""
    notice: bytes = b""
    notice_at: float = 0.0
    case_id: str = ""
    receipt: str = ""

    def client(self, address: str, *, key: str = "") -> Client:
        """Return a client that is closed with the story."""
        return self.doors.enter_context(closing(Client(address, key=key)))


def tell(stage: Stage, listener: Listener, *, patience_seconds: float = PATIENCE_SECONDS) -> Story:
    """Go through the steps until one fails; the record says which. `InputError` where there are no photographs."""
    story = Story(len(STEPS))
    with ExitStack() as doors:
        scene = Scene(stage, listener, patience_seconds, load_photos(), story, doors)
        for name, expected, act in STEPS:
            listener.begun(name)
            step = _take(scene, name, expected, act)
            story.steps.append(step)
            listener.done(step)
            if not step.passed:
                break
    return story


def _take(scene: Scene, name: str, expected: str, act: Callable[[Scene], str]) -> Step:
    began = time.monotonic()
    try:
        happened, passed = act(scene), True
    except TakebackError as problem:
        happened, passed = problem.message, False
    return Step(name, expected, happened, passed, time.monotonic() - began)


def start(scene: Scene) -> str:
    """Start both processes."""
    stage = scene.stage
    stage.start()
    scene.administrator = scene.client(stage.service_address, key=stage.keys["administrator"])
    scene.desk = scene.client(stage.service_address, key=stage.keys["moderator"])
    scene.person = scene.client(stage.service_address)
    scene.site = scene.client(stage.site_address)
    return f"service at {stage.service_address}, site at {stage.site_address}"


def add_site(scene: Scene) -> str:
    """Add the site to the service, and give it what it has to know."""
    address = scene.stage.site_address
    body = {"name": "A small gallery", "base_url": f"{address}/", "webhook_url": f"{address}/takeback"}
    added = scene.administrator.post_json("/api/v1/sites", body).expect(201).json()
    secrets = {name: added[name] for name in ("upload_key", "webhook_secret")}
    scene.stage.give_site({"takeback": scene.stage.service_address, **secrets})
    scene.site.get("/").expect(200)
    return "it has its upload key and the secret that signs orders"


def fill_gallery(scene: Scene) -> str:
    """Upload through the site's form: every photograph, and copies of one."""
    original = scene.photos[REPORTED]
    for name, data in scene.photos.items():
        if name != REPORTED:
            _upload(scene, name, data, expected=303)
    for edit in (*EDITS, LINKED, FOUND_BY_LINK):
        _upload(scene, edit.name, edit.make(original), expected=303)
        scene.story.copies.append(CopyRow(edit.name, scene.items[edit.name]))
    scene.listener.copies(scene.story.copies)
    return f"{len(scene.photos) - 1} other photographs and {len(scene.story.copies)} copies of one, all allowed"


def take_fingerprint(scene: Scene) -> str:
    """Compute the fingerprint here, as her device does, and write the notice."""
    prints = take_fingerprints(scene.photos[REPORTED], MediaLimits())
    frame = prints.frames[0]
    picture = {
        "pdq": frame.upright.hex(),
        "quality": frame.quality,
        "orientations": {orientation.value: pdq.hex() for orientation, pdq in frame.orientations.items()},
        "file_sha256": prints.file_digest.hex(),
        "pixels_sha256": frame.pixel_digest.hex(),
    }
    scene.notice = json.dumps(_notice(picture, _report_address(scene, LINKED))).encode()
    _require(len(scene.notice) <= MAX_NOTICE_BYTES, f"The notice has {len(scene.notice)} bytes.")
    photo_kilobytes = len(scene.photos[REPORTED]) // 1_000
    return f"the notice has {len(scene.notice):,} bytes and no picture; the photograph has {photo_kilobytes} kB"


def send_notice(scene: Scene) -> str:
    """Send the notice without a key."""
    scene.notice_at = time.monotonic()
    received = scene.person.post_json("/api/v1/notices", json.loads(scene.notice)).expect(201).json()
    scene.case_id, scene.receipt = received["case"], received["receipt"]
    _require(not received["missing"], "The notice lacks what a law asks for.")
    _require(received["state"] == "open" and "copies" not in received, "The answer says more than that it is open.")
    return "valid; she has a receipt, and is not told what was found"


def find_and_hold(scene: Scene) -> str:
    """Wait until the desk sees every copy and the site hides it."""
    rows = scene.story.copies
    with _watch(scene, "not every copy was found and held") as rounds:
        for _ in rounds:
            _read_case(scene)
            _read_site(scene, [row for row in rows if row.held_seconds is None], _HELD, "held_seconds", scene.notice_at)
            scene.listener.copies(rows)
            if all(row.found_seconds is not None and row.held_seconds is not None for row in rows):
                break
    for edit, row in zip((*EDITS, LINKED, FOUND_BY_LINK), rows, strict=True):
        _check_row(edit, row)
    return f"{len(rows)} of {len(rows)} copies found and hidden, two of them through the link"


def leave_others(scene: Scene) -> str:
    """See that no other photograph was touched."""
    others = [name for name in scene.photos if name != REPORTED]
    in_case = {copy["item_id"] for copy in _case(scene)["copies"]}
    touched = [name for name in others if scene.items[name] in in_case or _status(scene, name) != _SHOWN]
    _require(not touched, f"Another photograph was touched: {', '.join(touched)}.")
    return f"{len(others)} of {len(others)} other photographs are shown as before"


def upload_meanwhile(scene: Scene) -> str:
    """Upload one more copy while the notice is open."""
    began = time.monotonic()
    _upload(scene, MEANWHILE.name, MEANWHILE.make(scene.photos[REPORTED]), expected=202)
    row = CopyRow(MEANWHILE.name, scene.items[MEANWHILE.name])
    scene.story.copies.append(row)
    _read_case(scene, since=began)
    _read_site(scene, [row], _HELD, "held_seconds", began)
    scene.listener.copies(scene.story.copies)
    _require(row.held_seconds is not None, "The site shows it.")
    _check_row(MEANWHILE, row)
    return "stored, and hidden from the start"


def decide(scene: Scene) -> str:
    """Decide as the desk, and wait until the site has removed every copy."""
    finding = {"appears_covered": True, "reason": "Demonstration: a cup of coffee stands for the picture."}
    began = time.monotonic()
    body = {"outcome": "removed", "confirm": "all", **finding}
    scene.desk.post_json(f"/api/v1/cases/{scene.case_id}/decision", body).expect(200)
    rows = scene.story.copies
    with _watch(scene, "the site still has copies that it was ordered to remove") as rounds:
        for _ in rounds:
            waiting = [row for row in rows if row.removed_seconds is None]
            _read_site(scene, waiting, _REMOVED, "removed_seconds", began)
            scene.listener.copies(rows)
            if all(row.removed_seconds is not None for row in rows):
                break
    standing = _with_receipt(scene, "standing")
    _require(standing["state"] == "removed", f"Her receipt says {standing['state']}.")
    return f"{len(rows)} of {len(rows)} copies are gone from the site; her receipt says so"


def upload_again(scene: Scene) -> str:
    """Upload a copy that was never seen before."""
    before = len(_case(scene)["copies"])
    _upload(scene, AFTERWARDS.name, AFTERWARDS.make(scene.photos[REPORTED]), expected=403)
    _require(len(_case(scene)["copies"]) == before, "The case has a new copy: the upload was stored.")
    return "refused at the door; the site stored nothing"


def withdraw(scene: Scene) -> str:
    """Withdraw with the receipt; see that nothing comes back."""
    standing = _with_receipt(scene, "withdrawal")
    _require(standing["state"] == "withdrawn", f"Her receipt says {standing['state']}.")
    # Orders are committed with what causes them: were one to be put back, it would stand here already.
    orders = {delivery["kind"] for copy in _case(scene)["copies"] for delivery in copy["deliveries"]}
    _require("put_back" not in orders, "The service ordered a copy to be put back.")
    back = [row.name for row in scene.story.copies if _status(scene, row.name) != _REMOVED]
    _require(not back, f"A copy is back on the site: {', '.join(back)}.")
    return "matching has ended; nothing was put back"


def upload_at_last(scene: Scene) -> str:
    """Upload what was refused before."""
    _upload(scene, AFTERWARDS.name, AFTERWARDS.make(scene.photos[REPORTED]), expected=303)
    _require(_status(scene, AFTERWARDS.name) == _SHOWN, "The site does not show it.")
    return "let through: Takeback remembers nothing of the picture"


def verify_log(scene: Scene) -> str:
    """Verify the audit log with the master key."""
    settings = Settings(data=scene.stage.data, master_key_file=str(scene.stage.master_key_file))
    store = open_store(settings, read_master_key(settings))
    try:
        entries = verify(store)
    finally:
        store.close()
    return f"{entries} entries, each as it was written"


STEPS: tuple[tuple[str, str, Callable[[Scene], str]], ...] = (
    ("start", "the service is ready, on SQLite and a free port", start),
    ("site", "the service knows the site, the site its key", add_site),
    ("gallery", "the site publishes what Takeback allows", fill_gallery),
    ("fingerprint", "computed on her device; the picture stays there", take_fingerprint),
    ("notice", "taken without an account, valid, answered with a receipt", send_notice),
    ("hold", "every copy is found and hidden", find_and_hold),
    ("others", "no other photograph is touched", leave_others),
    ("meanwhile", "a copy uploaded now is stored hidden", upload_meanwhile),
    ("decision", "the desk decides, the site removes every copy", decide),
    ("again", "a new copy is refused", upload_again),
    ("withdrawal", "she withdraws, and nothing is put back", withdraw),
    ("afterwards", "the same upload is let through", upload_at_last),
    ("log", "the audit log verifies", verify_log),
)
"""Name, what has to happen, and the act; a story that passed has taken each."""


def _notice(picture: Mapping[str, object], link: str) -> dict[str, object]:
    return {
        "pictures": [picture],
        "links": [link],
        "role": "me",
        "statement": "This picture was published without my consent. (A demonstration: it shows a cup of coffee.)",
        "signature": "A. Person",
        "intimate": True,
        "not_consensual": True,
        "good_faith": True,
        "contact": {"name": "A. Person", "email": "person@example.org"},
    }


def _upload(scene: Scene, title: str, data: bytes, *, expected: int) -> None:
    """Upload through the site's form; 303 published, 202 stored hidden, 403 refused."""
    answer = scene.site.post_form("/upload", {"title": title}, data)
    if answer.status != expected:
        raise OutsideError(f"The site answered the upload “{title}” with HTTP {answer.status} and not {expected}.")
    if "location" in answer.headers:
        scene.items[title] = answer.headers["location"].removeprefix("/item/")


def _report_address(scene: Scene, edit: Edit) -> str:
    """Return the address for reports that the site shows on a picture's page."""
    page = scene.site.get(f"/item/{scene.items[edit.name]}").expect(200).body.decode()
    return page.partition("<code>")[2].partition("</code>")[0]


def _case(scene: Scene) -> dict[str, Any]:
    case: dict[str, Any] = scene.desk.get(f"/api/v1/cases/{scene.case_id}").expect(200).json()
    return case


def _read_case(scene: Scene, *, since: float | None = None) -> None:
    """Note which copies stand in the case by now, and as what."""
    known = {copy["item_id"]: copy for copy in _case(scene)["copies"]}
    now = time.monotonic()
    for row in scene.story.copies:
        copy = known.get(row.item_id)
        if row.found_seconds is None and copy is not None and copy["class"] is not None:
            row.copy_class, row.distance, row.turned = copy["class"], copy["distance"], copy["orientation"]
            row.found_seconds = now - (scene.notice_at if since is None else since)


def _read_site(scene: Scene, rows: Sequence[CopyRow], status: int, moment: str, since: float) -> None:
    """Note for which rows the site answers with `status` by now."""
    for row in rows:
        if scene.site.get(f"/media/{row.item_id}").status == status:
            setattr(row, moment, time.monotonic() - since)


def _status(scene: Scene, title: str) -> int:
    return scene.site.get(f"/media/{scene.items[title]}").status


def _with_receipt(scene: Scene, what: str) -> dict[str, Any]:
    body = {"receipt": scene.receipt}
    standing: dict[str, Any] = scene.person.post_json(f"/api/v1/notices/{what}", body).expect(200).json()
    return standing


def _check_row(edit: Edit, row: CopyRow) -> None:
    turned = None if edit.turned is None else edit.turned.value
    _require(
        row.copy_class == edit.copy_class.value and row.turned == turned and (row.distance or 0) <= MATCH_RADIUS,
        f"The copy “{edit.name}” was found as {row.copy_class}, {row.turned}, at a distance of {row.distance}.",
    )


@contextmanager
def _watch(scene: Scene, failure: str) -> Iterator[Iterator[None]]:
    """Give rounds of looking until patience ends; running out of them is `failure`."""

    def rounds() -> Iterator[None]:
        ends = time.monotonic() + scene.patience_seconds
        while time.monotonic() < ends:
            yield
            time.sleep(_POLL_SECONDS)
        raise OutsideError(f"After {scene.patience_seconds:.0f} s {failure}.")

    yield rounds()


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise OutsideError(otherwise)
