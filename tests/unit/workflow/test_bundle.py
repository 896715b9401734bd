"""Evidence bundles: what each version holds and never holds, and that the verifier inside finds every change."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cosigning import cosigned, with_another_signature
from tests.house import AT, LAWS, Clock, drawn, forms_of, notice_about, prints_of, reported

from takeback.audit.event import EventKind
from takeback.audit.keys import bundle_signer, log_signer
from takeback.audit.note import KeyType, Signer
from takeback.bundle.bag import Cover, bag
from takeback.bundle.offline import Believed, Broken, check
from takeback.cases.sealed import new_identity
from takeback.cases.statement import House
from takeback.errors import BundleRefused, IllegalTransition, InputError, NotFound, TooManyBundles
from takeback.store import Store
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.store.journal import Journal
from takeback.store.sites import Site
from takeback.workflow.bundle import (
    MAX_HERS,
    Bundle,
    Maker,
    bundle_for_desk,
    bundle_for_item,
    bundle_for_person,
    bundle_for_uploader,
)
from takeback.workflow.contest import contest
from takeback.workflow.decide import Confirm, Decision, Finding, Outcome, decide
from takeback.workflow.desk_keys import add_desk_key
from takeback.workflow.erasure import ask_for_erasure, erase_due
from takeback.workflow.intake import Received, receive_notice
from takeback.workflow.messages import write_to_desk, write_to_person
from takeback.workflow.publish import bundle_key, log_key, publish
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.recusal import recuse
from takeback.workflow.replica import Replica
from takeback.workflow.upload import Upload, check_upload
from takeback.workflow.verify import verify

NAME = "takeback.example"
MAKER = Maker(House(languages=("en", "de")), NAME, "https://takeback.example")
WHY = "Asked for by the police, file 12/26."
STATEMENT = "This is an intimate picture of me that was published without my consent."
HERS = ("A. Person", "a@person.example", STATEMENT, "From me to the desk.")
"""What she wrote and who she is."""


def upload(store: Store, replica: Replica, site: Site, item: str, seed: int = 1) -> None:
    url = f"https://forum.example/post/{item}"
    check_upload(store, replica, query_of_fingerprints(prints_of(drawn(seed))), Upload(site, item, url), at=AT)


def report(
    store: Store, replica: Replica, *, seed: int = 1, under_18: bool = False, links: tuple[str, ...] = ()
) -> Received:
    pictures = () if under_18 else (reported(drawn(seed)),)
    notice = notice_about(*pictures, links=links, under_18=under_18)
    return receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT)


def decided(store: Store, case: Case, at: Clock) -> None:
    finding = Finding(appears_covered=True, reason="Shown without consent.")
    decide(store, case.public_id, Decision(Outcome.REMOVED, finding, "key/a", confirm=Confirm.ALL), at=at())


@pytest.fixture
def received(store: Store, replica: Replica, site: Site, clock: Clock) -> Received:
    """A case whose two copies are removed, one of them contested; all of it in the public log."""
    upload(store, replica, site, "81")
    upload(store, replica, site, "82")
    made = report(store, replica, links=("https://forum.example/post/81", "https://other.example/p/9"))
    write_to_desk(store, made.receipt, "From me to the desk.", at=clock.pass_(minutes=1))
    write_to_person(store, made.case.public_id, "From the desk to her.", actor="key/a", at=clock.pass_(minutes=1))
    publish(store, NAME, at=clock.pass_(minutes=15))
    decided(store, made.case, clock)
    contest(store, site, "81", "It shows a lighthouse, says whoever posted it.", at=clock.pass_(hours=1))
    publish(store, NAME, at=clock.pass_(minutes=15))
    return made


@pytest.fixture
def full(store: Store, received: Received, clock: Clock) -> Bundle:
    return bundle_for_desk(store, received.case.public_id, why=WHY, actor="key/a", maker=MAKER, at=clock())


def files_of(made: Bundle) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(made.content)) as folder:
        return {name: folder.read(name) for name in folder.namelist()}


def unpacked(made: Bundle, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(made.content)) as packed:
        packed.extractall(folder)
    return folder


def verified(folder: Path, *arguments: str, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    """Run the verifier of an unpacked bundle, with nothing of ours in reach."""
    command = [python, "-I", "-S", "verify.py", *arguments]
    return subprocess.run(command, cwd=folder, env={}, capture_output=True, text=True, check=False)


def read(made: Bundle, name: str) -> object:
    return json.loads(files_of(made)[f"data/{name}"])


def copies_of(store: Store, case: Case) -> list[Copy]:
    with store.read() as tx:
        return tx.copies.of_case(case.id)


# ---- What each version holds -------------------------------------------------------------------------------------


def test_the_full_version_holds_the_notice_as_sent_the_decision_and_each_copy(full: Bundle, received: Received) -> None:
    files = files_of(full)

    notice = json.loads(files["data/notice.json"])
    assert notice["words"]["statement"] == STATEMENT
    assert notice["words"]["contact"]["email"] == "a@person.example"
    copies = json.loads(files["data/copies.json"])["copies"]
    assert {copy["item_id"] for copy in copies} == {"81", "82", None}
    compared = next(copy for copy in copies if copy["item_id"] == "82")
    assert (compared["class"], compared["distance"]) == ("substantially_same", 0)
    assert compared["thresholds"]["same_bits"] == 31
    assert json.loads(files["data/decisions.json"])["finding"]["reason"] == "Shown without consent."
    assert json.loads(files["data/decisions.json"])["contests"][0]["grounds"].startswith("It shows a lighthouse")
    orders = json.loads(files["data/orders.json"])
    assert {order["kind"] for order in orders} >= {"hold", "remove"}
    assert "restriction" in json.loads(files["data/statements/001.json"])
    assert any(name.startswith("data/statements/") and name.endswith("-de.txt") for name in files)
    assert files["data/summary.pdf"].startswith(b"%PDF")


def test_the_timeline_names_the_proof_of_each_event_that_was_attested(full: Bundle) -> None:
    timeline = read(full, "timeline.json")
    assert isinstance(timeline, list)

    proven = [each["kind"] for each in timeline if each["proofs"]]
    assert {"notice_received", "notice_valid", "decided_removed", "copy_removed", "copy_held"} <= set(proven)
    assert all(f"data/{name}" in files_of(full) for each in timeline for name in each["proofs"])


def test_her_version_holds_none_of_her_words_and_no_place_that_she_did_not_name(
    store: Store, received: Received, clock: Clock
) -> None:
    files = files_of(bundle_for_person(store, received.case, maker=MAKER, at=clock()))

    everything = b"\n".join(files.values())
    for text in HERS:
        assert text.encode() not in everything
    assert b"post/82" not in everything
    assert b"distance" not in everything
    assert b"It shows a lighthouse" not in everything
    copies = json.loads(files["data/copies.json"])
    assert {link["url"] for link in copies["links"]} == {"https://forum.example/post/81", "https://other.example/p/9"}
    assert [other["state"] for other in copies["others"]] == ["removed"]
    assert b"From the desk to her." in files["data/messages/002.json"]


def test_before_a_decision_her_version_says_nothing_of_copies(
    store: Store, replica: Replica, site: Site, clock: Clock
) -> None:
    upload(store, replica, site, "81")
    case = report(store, replica).case
    publish(store, NAME, at=clock.pass_(minutes=15))
    (copy,) = copies_of(store, case)

    files = files_of(bundle_for_person(store, case, maker=MAKER, at=clock()))

    assert "data/copies.json" not in files
    assert json.loads(files["data/case.json"])["state"] == "open"
    everything = b"\n".join(files.values())
    assert copy.public_id.encode() not in everything
    assert b"post/81" not in everything


def test_before_a_decision_her_version_is_the_same_whether_anything_was_found_or_not(
    store: Store, replica: Replica, site: Site, clock: Clock
) -> None:
    nothing = report(store, replica, seed=2).case
    upload(store, replica, site, "81")
    found = report(store, replica).case
    publish(store, NAME, at=clock.pass_(minutes=15))

    made = [files_of(bundle_for_person(store, case, maker=MAKER, at=clock())) for case in (nothing, found)]

    assert [len(copies_of(store, case)) for case in (nothing, found)] == [0, 1]
    assert made[0].keys() == made[1].keys()
    told = [{**json.loads(files["data/case.json"]), "case": None} for files in made]
    assert told[0] == told[1]
    kinds = [[each["kind"] for each in json.loads(files["data/timeline.json"])] for files in made]
    assert kinds[0] == kinds[1]


def test_who_asked_for_an_earlier_bundle_is_not_in_the_next(
    store: Store, received: Received, full: Bundle, clock: Clock
) -> None:
    again = bundle_for_desk(store, received.case.public_id, why="Her lawyer.", actor="key/a", maker=MAKER, at=clock())

    assert WHY.encode() not in b"\n".join(files_of(again).values())
    assert b"bundle_made" not in files_of(again)["data/timeline.json"]


def test_the_uploaders_version_says_nothing_of_who_gave_notice_nor_of_the_case(
    store: Store, site: Site, received: Received, clock: Clock
) -> None:
    copy = next(each for each in copies_of(store, received.case) if each.site_item_id == "81")
    at_desk = bundle_for_uploader(
        store, received.case.public_id, copy.public_id, why=WHY, actor="key/a", maker=MAKER, at=clock()
    )  # fmt: skip
    by_site = bundle_for_item(store, site, "81", actor="key/site", maker=MAKER, at=clock())

    for made in (at_desk, by_site):
        files = files_of(made)
        everything = b"\n".join(files.values())
        for text in (*HERS, received.case.public_id, "post/82", "other.example", "From the desk to her.", WHY):
            for form in forms_of(text.encode()):
                assert form not in everything, text
        assert "restriction" in json.loads(files["data/statements/001.json"])
        kinds = [each["kind"] for each in json.loads(files["data/timeline.json"])]
        assert kinds == ["copy_held", "copy_removed", "contested"]


def test_no_version_holds_a_picture_or_a_fingerprint(
    store: Store, site: Site, received: Received, full: Bundle, clock: Clock
) -> None:
    prints = prints_of(drawn(1))
    secrets = [prints.file_digest, *(frame.pixel_digest for frame in prints.frames)]
    secrets += [turned.code for frame in prints.frames for turned in frame.orientations.values()]
    hers = bundle_for_person(store, received.case, maker=MAKER, at=clock())
    theirs = bundle_for_item(store, site, "81", actor="key/site", maker=MAKER, at=clock())

    for made in (full, hers, theirs):
        everything = b"\n".join(files_of(made).values())
        for secret in secrets:
            for form in forms_of(secret):
                assert form not in everything


def test_words_that_are_sealed_to_the_desk_stay_sealed_in_it(
    store: Store, replica: Replica, site: Site, clock: Clock
) -> None:
    for name in ("Ada", "Bo"):
        add_desk_key(store, name, new_identity()[1], actor="test", at=AT)
    upload(store, replica, site, "81")
    case = report(store, replica).case
    publish(store, NAME, at=clock.pass_(minutes=15))

    made = bundle_for_desk(store, case.public_id, why=WHY, actor="key/a", maker=MAKER, at=clock())

    files = files_of(made)
    assert files["data/notice.age"].startswith(b"age-encryption.org/v1")
    assert set(json.loads(files["data/notice.json"])) == {"laws", "sealed"}
    assert STATEMENT.encode() not in b"\n".join(files.values())
    list(check(files))


# ---- Who gets none, and what is written down ---------------------------------------------------------------------


def test_no_version_is_made_where_someone_under_18_may_be_shown(
    store: Store, replica: Replica, site: Site, clock: Clock
) -> None:
    upload(store, replica, site, "81")
    case = report(store, replica, under_18=True, links=("https://forum.example/post/81",)).case
    (copy,) = copies_of(store, case)
    makers: list[Callable[[], Bundle]] = [
        lambda: bundle_for_desk(store, case.public_id, why=WHY, actor="key/a", maker=MAKER, at=clock()),
        lambda: bundle_for_person(store, case, maker=MAKER, at=clock()),
        lambda: bundle_for_uploader(
            store, case.public_id, copy.public_id, why=WHY, actor="key/a", maker=MAKER, at=clock()
        ),
        lambda: bundle_for_item(store, site, "81", actor="key/site", maker=MAKER, at=clock()),
    ]

    for make in makers:
        with pytest.raises(BundleRefused, match="under 18") as problem:
            make()
        assert "2258A" in problem.value.advice
    with store.read() as tx:
        assert EventKind.BUNDLE_MADE not in [entry.kind for entry in tx.audit.of_case(case.public_id)]


def test_each_bundle_is_logged_with_who_made_it_and_why(store: Store, received: Received, full: Bundle) -> None:
    with store.read() as tx:
        entries = tx.audit.of_case(received.case.public_id)

    opened, made = entries[-2:]
    assert (opened.kind, opened.actor) == (EventKind.WORDS_OPENED, "key/a")
    assert (made.kind, made.actor) == (EventKind.BUNDLE_MADE, "key/a")
    assert made.facts == {"version": "full", "why": WHY, "sha256": full.digest.hex()}
    verify(store)


@pytest.mark.parametrize("why", ["", "  ", "x" * 501])
def test_nobody_makes_one_without_saying_why(store: Store, received: Received, why: str, clock: Clock) -> None:
    with pytest.raises(InputError, match="1 to 500"):
        bundle_for_desk(store, received.case.public_id, why=why, actor="key/a", maker=MAKER, at=clock())


def test_ten_are_made_with_one_receipt_in_a_day_and_the_desk_goes_on(
    store: Store, received: Received, site: Site, clock: Clock
) -> None:
    case = received.case
    for _ in range(MAX_HERS):
        bundle_for_person(store, case, maker=MAKER, at=clock.pass_(minutes=1))

    with pytest.raises(TooManyBundles, match="At most 10"):
        bundle_for_person(store, case, maker=MAKER, at=clock())
    bundle_for_desk(store, case.public_id, why=WHY, actor="key/a", maker=MAKER, at=clock())
    bundle_for_item(store, site, "82", actor="key/site", maker=MAKER, at=clock())
    with pytest.raises(TooManyBundles):
        bundle_for_person(store, case, maker=MAKER, at=clock.pass_(hours=23))
    bundle_for_person(store, case, maker=MAKER, at=clock.pass_(hours=1))


def test_who_keeps_out_of_a_case_makes_no_bundle_of_it(store: Store, received: Received, clock: Clock) -> None:
    recuse(store, received.case.public_id, actor="key/a", at=clock())

    with pytest.raises(IllegalTransition, match="keep out"):
        bundle_for_desk(store, received.case.public_id, why=WHY, actor="key/a", maker=MAKER, at=clock())


def test_a_copy_of_another_case_is_not_of_this_one(
    store: Store, replica: Replica, received: Received, clock: Clock
) -> None:
    other = report(store, replica).case
    copy = copies_of(store, received.case)[0]

    with pytest.raises(NotFound, match="no such copy"):
        bundle_for_uploader(store, other.public_id, copy.public_id, why=WHY, actor="key/b", maker=MAKER, at=clock())


def test_nothing_is_left_for_a_bundle_once_a_case_is_erased(
    store: Store, journal: Journal, replica: Replica, clock: Clock
) -> None:
    made = report(store, replica)
    ask_for_erasure(store, journal, made.ending, at=clock())
    erase_due(store, journal, actor="jobs", at=clock.pass_(hours=73))

    with pytest.raises(IllegalTransition, match="erased"):
        bundle_for_desk(store, made.case.public_id, why=WHY, actor="key/a", maker=MAKER, at=clock())


# ---- How it is checked -------------------------------------------------------------------------------------------


def test_the_verifier_in_it_checks_it_alone(store: Store, received: Received, full: Bundle, tmp_path: Path) -> None:
    folder = unpacked(full, tmp_path / "bundle")

    done = verified(folder, "--key", str(bundle_key(store, NAME)), "--log-key", str(log_key(store)))

    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Files: all ")
    assert lines[1].startswith(
        f"Signature: {NAME}/bundles made this bundle (full version, about {received.case.public_id})"
    )
    assert any(line.startswith("  decided_removed at 2026-11-22T12:17") for line in lines)
    assert lines[-1] == "All of this holds."
    assert "compare" not in done.stdout.lower()


def test_the_verifier_says_that_keys_in_a_bundle_prove_nothing_alone(full: Bundle, tmp_path: Path) -> None:
    done = verified(unpacked(full, tmp_path / "bundle"))

    assert done.returncode == 0
    assert "Compare it with the published one: takeback.example/bundles+" in done.stdout
    assert "compare it with the published one (--log-key)" in done.stdout


def test_every_version_verifies(store: Store, site: Site, received: Received, clock: Clock) -> None:
    hers = bundle_for_person(store, received.case, maker=MAKER, at=clock())
    theirs = bundle_for_item(store, site, "82", actor="key/site", maker=MAKER, at=clock())

    for made in (hers, theirs):
        said = list(check(files_of(made), Believed(str(bundle_key(store, NAME)), str(log_key(store)))))
        timeline = next(line for line in said if line.startswith("Timeline"))
        count = len(json.loads(files_of(made)["data/timeline.json"]))
        assert timeline == f"Timeline: {count} of {count} entries are proven by the public log."


def test_a_bundle_of_another_service_is_told_by_its_key(full: Bundle, tmp_path: Path) -> None:
    other = "takeback.example/bundles+dbf9ea94+AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"

    done = verified(unpacked(full, tmp_path / "bundle"), "--key", other)

    assert done.returncode == 1
    assert "another than the one that you named" in done.stdout


def _flip(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def test_a_byte_flipped_in_any_file_is_found_and_the_file_named(full: Bundle) -> None:
    files = files_of(full)
    for name, data in files.items():
        changed = {**files, name: _flip(data, len(data) // 2)}
        with pytest.raises(Broken) as problem:
            list(check(changed))
        assert name in str(problem.value) or name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"), name


def repacked(store: Store, files: dict[str, bytes], changes: dict[str, bytes]) -> dict[str, bytes]:
    """Return a bundle with other files, with manifests and signature made anew: only proofs can tell then."""
    data = {name.removeprefix("data/"): each for name, each in {**files, **changes}.items() if name.startswith("data/")}
    signer = bundle_signer(store.keyring.log_key, NAME)
    return dict(bag(data, Cover("full", "1f2e", AT, "Read me."), signer).files)


def test_a_bundle_that_was_packed_anew_as_it_was_still_verifies(store: Store, full: Bundle) -> None:
    list(check(repacked(store, files_of(full), {}), Believed(log_key=str(log_key(store)))))


@pytest.mark.parametrize(
    ("part", "why"),
    [
        ("attestation", "does not stand in the entry"),
        ("salt", "does not stand in the entry"),
        ("place", "does not stand in the entry"),
        ("veil", "does not stand in the entry"),
        ("period", "does not stand in the entry"),
        ("until", r"does not stand in the log|later than"),
        ("index", r"does not stand in the log|tree does not have"),
        ("path", "does not stand in the log"),
        ("root", r"does not fit|does not stand"),
        ("signature", "does not fit"),
    ],
)
def test_a_proof_that_was_changed_is_found_and_named_even_in_a_bundle_packed_anew(
    store: Store, full: Bundle, part: str, why: str
) -> None:
    files = files_of(full)
    name = next(name for name in files if name.endswith("decided_removed.tlog-proof"))
    changed = {name: changed_proof(files[name].decode(), part).encode()}

    with pytest.raises(Broken, match=why) as problem:
        list(check(repacked(store, files, changed)))
    assert name in str(problem.value)


def changed_proof(text: str, part: str) -> str:
    """Return a proof with one part changed."""
    first, _, note = text.partition("\n\n")
    lines = first.split("\n")
    extra = json.loads(base64.b64decode(lines[1].removeprefix("extra ")))
    other = base64.b64encode(bytes(32)).decode()
    period = extra["period"].split("\n")
    match part:
        case "attestation":
            extra["attestation"]["facts"]["reason"] = "Nothing was found."
        case "salt":
            extra["salt"] = other
        case "place":
            extra["place"] ^= 1
        case "veil":
            extra["veil"][3] = other
        case "period":
            extra["period"] = "\n".join([*period[:2], other, *period[3:]])
        case "until":
            extra["period"] = "\n".join([period[0], "2026-11-22T12:17:00.000000Z", *period[2:]])
        case "index":
            lines[2] = "index 0"
        case "path":
            lines[3] = other
        case "root":
            note = note.replace(note.split("\n")[2], other)
        case "signature":
            note = note[:-10] + ("A" if note[-10] != "A" else "B") + note[-9:]
    lines[1] = "extra " + base64.b64encode(json.dumps(extra).encode()).decode()
    return "\n".join(lines) + "\n\n" + note


@pytest.fixture
def witnessed(store: Store, received: Received, clock: Clock) -> Bundle:
    """A bundle whose proofs stand under a head that two witnesses signed, of which the service names one."""
    at = clock.pass_(minutes=1)
    cosigned(store, "other.example", at=at)
    cosigned(store, "third.example", at=at, asked=False)
    return bundle_for_desk(store, received.case.public_id, why=WHY, actor="key/a", maker=MAKER, at=clock())


def key_of(name: str) -> str:
    return str(Signer(name, KeyType.WITNESS, name.encode().ljust(32, b".")).key)


def test_each_witness_is_said_to_be_checked_or_not(witnessed: Bundle, tmp_path: Path) -> None:
    folder = unpacked(witnessed, tmp_path / "bundle")

    alone = verified(folder)
    known = verified(folder, "--witness", key_of("other.example"), "--witness", key_of("third.example"))

    assert alone.returncode == known.returncode == 0, alone.stdout + known.stdout
    assert "Witness: other.example: not checked, its key is not known here" in alone.stdout
    assert "Witness: third.example: not checked, its key is not known here" in alone.stdout
    assert "Witness: other.example saw the log at 2026-11-22T13:33:00Z: checked." in known.stdout
    assert "Witness: third.example saw the log at 2026-11-22T13:33:00Z: checked." in known.stdout


def test_a_bundle_that_no_witness_signed_says_so_and_fails_where_one_is_asked_for(full: Bundle) -> None:
    assert "Witnesses: none signed the log besides the service." in list(check(files_of(full)))

    with pytest.raises(Broken, match=r"The witness other\.example did not sign this head"):
        list(check(files_of(full), Believed(witnesses=[key_of("other.example")])))


@pytest.mark.parametrize("where", ["data/log/checkpoint", "decided_removed.tlog-proof"])
def test_a_witness_whose_signature_does_not_fit_is_named(store: Store, witnessed: Bundle, where: str) -> None:
    files = files_of(witnessed)
    name = next(name for name in files if name.endswith(where))
    changed = {name: with_another_signature(files[name].decode(), "other.example").encode()}
    packed = repacked(store, files, changed)

    keys = [key_of("other.example")]
    for believed in (Believed(witnesses=keys), Believed(known_witnesses=keys)):
        with pytest.raises(Broken, match=r"witness other\.example does not fit") as problem:
            list(check(packed, believed))
        assert name in str(problem.value)
    assert any("other.example: not checked" in line for line in check(packed))


def test_a_witness_of_another_moment_does_not_fit(store: Store, witnessed: Bundle) -> None:
    """The moment is signed too: nobody can say that a witness saw a head earlier than it did."""
    files = files_of(witnessed)
    lines = files["data/log/checkpoint"].decode().splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if "other.example" in line)
    name, encoded = lines[place].rsplit(" ", 1)
    material = base64.b64decode(encoded)
    earlier = material[:4] + (int.from_bytes(material[4:12], "big") - 60).to_bytes(8, "big") + material[12:]
    lines[place] = f"{name} {base64.b64encode(earlier).decode()}\n"
    packed = repacked(store, files, {"data/log/checkpoint": "".join(lines).encode()})

    with pytest.raises(Broken, match="does not fit"):
        list(check(packed, Believed(known_witnesses=[key_of("other.example")])))


def test_a_key_of_a_log_is_taken_for_no_witness(store: Store, full: Bundle) -> None:
    with pytest.raises(Broken, match="no key of a witness"):
        list(check(files_of(full), Believed(witnesses=[str(log_key(store))])))


def test_a_timeline_that_says_something_else_than_its_proofs_is_found(store: Store, full: Bundle) -> None:
    files = files_of(full)
    timeline = json.loads(files["data/timeline.json"])
    number, proven = next((n, each) for n, each in enumerate(timeline, 1) if each["kind"] == "decided_removed")
    changes: list[dict[str, object]] = [
        {"at": "2026-11-23T12:00:00.000000Z"}, {"kind": "decided_refused"},
        {"facts": {**proven["facts"], "reason": "No reason."}}, {"facts": {}}, {"proofs": ["proofs/none"]},
    ]  # fmt: skip

    for change in changes:
        told = [{**each, **change} if each is proven else each for each in timeline]
        changed = repacked(store, files, {"data/timeline.json": json.dumps(told).encode()})
        with pytest.raises(Broken, match=f"Entry {number} of the timeline"):
            list(check(changed))


def test_a_log_that_someone_made_up_is_told_by_the_key_that_the_reader_has(store: Store, full: Bundle) -> None:
    files = files_of(full)
    other = str(log_signer(bytes(32), "takeback.example/1f2e3d4c").key)
    keys = {**json.loads(files["data/log/keys.json"]), "log": other}
    changed = repacked(store, files, {"data/log/keys.json": json.dumps(keys).encode()})

    with pytest.raises(Broken, match="not signed by"):
        list(check(changed))
    with pytest.raises(Broken, match="log key in this bundle is another"):
        list(check(changed, Believed(log_key=str(log_key(store)))))


def test_files_of_another_form_end_the_check_and_not_the_verifier(store: Store, full: Bundle, tmp_path: Path) -> None:
    files = files_of(full)
    for number, (name, data) in enumerate([("data/timeline.json", b"[3]"), ("data/log/keys.json", b"[]")]):
        folder = tmp_path / str(number)
        for path, content in repacked(store, files, {name: data}).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        done = verified(folder)
        assert (done.returncode, done.stderr) == (1, "")
        assert "This does not hold" in done.stdout


@pytest.mark.parametrize("name", ["data/orders.json", "read-me.txt", "bagit.txt", "data/log/keys.json", "bundle.note"])
def test_a_missing_file_is_named(full: Bundle, name: str) -> None:
    files = files_of(full)
    del files[name]

    with pytest.raises(Broken, match=name):
        list(check(files))


def test_an_added_file_is_named(full: Bundle) -> None:
    with pytest.raises(Broken, match=r"data/more\.json was added"):
        list(check({**files_of(full), "data/more.json": b"{}"}))


def test_an_added_copy_of_words_is_held_against_the_seal(
    store: Store, replica: Replica, site: Site, received: Received, full: Bundle
) -> None:
    with pytest.raises(Broken, match=r"opened/notice\.json is not what was sealed"):
        list(check({**files_of(full), "opened/notice.json": b"{}"}))
