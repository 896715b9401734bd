"""
The steps of the demonstration, each with what has to happen.

Nothing here reaches around a door: uploads go through the site's form, the notice and the desk through the
service's HTTP, and what is said of a copy is what the site serves. Only the last step opens the store, to
verify the log as an auditor does.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack

from takeback.assembly import open_store, read_master_key
from takeback.config import Settings
from takeback.demo.photos import (
    AFTERWARDS,
    EDITS,
    FOUND_BY_LINK,
    LINKED,
    MEANWHILE,
    REPORTED,
    load_photos,
)
from takeback.demo.record import CopyRow, Step, Story
from takeback.demo.scene import HIDDEN, PUBLISHED, REFUSED, REMOVED, SHOWN, Listener, Scene, check_row, require
from takeback.demo.stage import Stage
from takeback.errors import TakebackError
from takeback.fingerprint.take import take_fingerprints
from takeback.media import MediaLimits
from takeback.workflow.verify import verify

PATIENCE_SECONDS = 15.0
"""How long a step waits for what has to happen; on two slow cores it takes less than a second."""
MAX_NOTICE_BYTES = 4_096
"""Eight codes, two digests and her words take 1.3 kB; the smallest copy of the photograph 6 kB."""
_REASON = "A demonstration: a cup of coffee stands for the picture."


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
    scene.stage.start()
    scene.open_doors()
    return f"service at {scene.stage.service_address}, site at {scene.stage.site_address}"


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
    others = [(name, data) for name, data in scene.photos.items() if name != REPORTED]
    for name, data in others:
        scene.upload(name, data, expected=PUBLISHED)
    for edit in (*EDITS, LINKED, FOUND_BY_LINK):
        scene.upload(edit.name, edit.make(scene.photos[REPORTED]), expected=PUBLISHED)
        scene.story.copies.append(CopyRow(edit.name, scene.items[edit.name]))
    scene.listener.copies(scene.story.copies)
    return f"{len(others)} other photographs and {len(scene.story.copies)} copies of one, all allowed"


def take_fingerprint(scene: Scene) -> str:
    """Compute the fingerprint here, as her device does, and write the notice."""
    photo = scene.photos[REPORTED]
    prints = take_fingerprints(photo, MediaLimits())
    frame = prints.frames[0]
    picture = {
        "pdq": frame.upright.hex(),
        "quality": frame.quality,
        "orientations": {orientation.value: pdq.hex() for orientation, pdq in frame.orientations.items()},
        "file_sha256": prints.file_digest.hex(),
        "pixels_sha256": frame.pixel_digest.hex(),
    }
    scene.notice = _notice(picture, scene.report_address(LINKED.name))
    notice_bytes = len(json.dumps(scene.notice))
    require(notice_bytes <= MAX_NOTICE_BYTES, f"The notice has {notice_bytes:,} bytes: too many for a fingerprint.")
    return f"the notice has {notice_bytes:,} bytes and no picture; the photo has {len(photo) // 1_000} kB"


def send_notice(scene: Scene) -> str:
    """Send the notice without a key."""
    scene.notice_at = time.monotonic()
    received = scene.person.post_json("/api/v1/notices", scene.notice).expect(201).json()
    scene.case_id, scene.receipt = received["case"], received["receipt"]
    scene.ending = received["ending"]
    require(not received["missing"], "The notice lacks what a law asks for.")
    require(received["state"] == "open" and received["copies"] is None, "The answer says more than that it is open.")
    return "valid; she has a receipt, and is not told what was found"


def find_and_hold(scene: Scene) -> str:
    """Wait until the desk sees every copy and the site hides it."""
    rows = scene.story.copies
    for _ in scene.rounds("not every copy was found and held"):
        scene.look_at_case(scene.notice_at)
        scene.look_at_held(scene.notice_at)
        if all(row.found_seconds is not None and row.held_seconds is not None for row in rows):
            break
    for edit, row in zip((*EDITS, LINKED, FOUND_BY_LINK), rows, strict=True):
        check_row(edit, row)
    return f"{len(rows)} of {len(rows)} copies found and hidden, two of them through the link"


def leave_others(scene: Scene) -> str:
    """See that no other photograph was touched."""
    others = [name for name in scene.photos if name != REPORTED]
    in_case = {copy["item_id"] for copy in scene.case()["copies"]}
    touched = [name for name in others if scene.items[name] in in_case or scene.status(name) != SHOWN]
    require(not touched, f"Another photograph was touched: {', '.join(touched)}.")
    return f"{len(others)} of {len(others)} other photographs are shown as before"


def upload_meanwhile(scene: Scene) -> str:
    """Upload one more copy while the notice is open."""
    began = time.monotonic()
    scene.upload(MEANWHILE.name, MEANWHILE.make(scene.photos[REPORTED]), expected=HIDDEN)
    row = CopyRow(MEANWHILE.name, scene.items[MEANWHILE.name])
    scene.story.copies.append(row)
    scene.look_at_case(began)
    scene.look_at_held(began)
    check_row(MEANWHILE, row)
    require(row.held_seconds is not None, "The site does not hide it.")
    return "stored, and hidden from the start"


def decide(scene: Scene) -> str:
    """Decide as the desk, and wait until the site has removed every copy."""
    rows, began = scene.story.copies, time.monotonic()
    decision = {"outcome": "removed", "confirm": "all", "appears_covered": True, "reason": _REASON}
    scene.desk.post_json(f"/api/v1/cases/{scene.case_id}/decision", decision).expect(200)
    for _ in scene.rounds("the site still has copies that it was ordered to remove"):
        scene.look_at_removed(began)
        if all(row.removed_seconds is not None for row in rows):
            break
    standing = scene.with_receipt("standing")
    require(standing["state"] == "removed", f"Her receipt says {standing['state']}.")
    told = standing["copies"]["removed"]
    require(told == len(rows), f"Her receipt says that {told} copies are removed.")
    return f"{len(rows)} of {len(rows)} copies are gone from the site; her receipt says so"


def contest(scene: Scene) -> str:
    """Read, as whoever posted a copy, why it was removed; contest it by the link, and have a second person answer."""
    name = scene.story.copies[0].name
    page = scene.reasons(name)
    require("Digital Services Act" in page and _REASON in page, "The reasons do not say what the law asks for.")
    require("A. Person" not in page and "person@example.org" not in page, "The reasons say who sent the notice.")
    link = page.partition('id="contest" href="')[2].partition('"')[0]
    grounds = {"code": link, "step": "contest", "grounds": "It is only a cup of coffee."}
    scene.person.post_fields("/contest", grounds).expect(200)
    standing = scene.with_receipt("standing")
    require(standing["state"] == "contested", f"Her receipt says {standing['state']}.")
    require(scene.status(name) == REMOVED, "A contested copy is shown.")
    answer = {"put_back": False, "reason": "A demonstration: it stays."}
    path = f"/api/v1/cases/{scene.case_id}/answer"
    scene.desk.post_json(path, answer).expect(409)
    scene.administrator.post_json(path, answer).expect(200)
    for _ in scene.rounds("whoever contested has no answer"):
        if "The removal stands" in scene.reasons(name):
            break
    return "told why, with six months to contest; a second person answered, and it stays removed"


def upload_again(scene: Scene) -> str:
    """Upload a copy that was never seen before."""
    before = len(scene.case()["copies"])
    scene.upload(AFTERWARDS.name, AFTERWARDS.make(scene.photos[REPORTED]), expected=REFUSED)
    require(len(scene.case()["copies"]) == before, "The case has a new copy: the upload was stored.")
    return "refused at the door; the site stored nothing"


def withdraw(scene: Scene) -> str:
    """Withdraw with the number that ends it; see that nothing comes back."""
    standing = scene.with_receipt("withdrawal")
    require(standing["state"] == "withdrawn", f"Her receipt says {standing['state']}.")
    # Orders are committed with what causes them: were a copy to be put back, the order would stand here already.
    orders = {delivery["kind"] for copy in scene.case()["copies"] for delivery in copy["deliveries"]}
    require("put_back" not in orders, "The service ordered a copy to be put back.")
    back = [row.name for row in scene.story.copies if scene.status(row.name) != REMOVED]
    require(not back, f"A copy is back on the site: {', '.join(back)}.")
    return "matching has ended; nothing was put back"


def upload_at_last(scene: Scene) -> str:
    """Upload what was refused before."""
    scene.upload(AFTERWARDS.name, AFTERWARDS.make(scene.photos[REPORTED]), expected=PUBLISHED)
    require(scene.status(AFTERWARDS.name) == SHOWN, "The site does not show it.")
    return "let through: Takeback remembers nothing of the picture"


def verify_log(scene: Scene) -> str:
    """Verify the audit log with the master key, beside the running service."""
    settings = Settings(data=scene.stage.data, master_key_file=str(scene.stage.master_key_file))
    store = open_store(settings, read_master_key(settings))
    try:
        return f"{verify(store)} entries, each as it was written"
    finally:
        store.close()


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
    ("contest", "whoever posted one is told why and is heard", contest),
    ("again", "a new copy is refused", upload_again),
    ("withdrawal", "she withdraws, and nothing is put back", withdraw),
    ("afterwards", "the same upload is let through", upload_at_last),
    ("log", "the audit log verifies", verify_log),
)
"""Name, what has to happen, and the act; a story that passed has taken each."""


def _notice(picture: Mapping[str, object], link: str) -> Mapping[str, object]:
    return {
        "pictures": [picture],
        "links": [link],
        "role": "me",
        "statement": f"This picture was published without my consent. ({_REASON})",
        "signature": "A. Person",
        "intimate": True,
        "not_consensual": True,
        "good_faith": True,
        "contact": {"name": "A. Person", "email": "person@example.org"},
    }
