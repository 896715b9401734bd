"""A closer look: only where it is needed, and it finds what fingerprints do not."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray
from sqlalchemy import text
from tests.house import AT, LAWS, drawn, notice_about, tiled
from tests.unit.decoding import InProcess
from tests.unit.registration.pictures import cornered, cropped, pasted, turned

from takeback.bank import EntryState
from takeback.cases import CopyState
from takeback.cases.notice import Level, ReportedPicture
from takeback.fingerprint import CopyDescriptor
from takeback.fingerprint.decoder import Glance
from takeback.fingerprint.sscd import chosen_model
from takeback.fingerprint.take import look_at
from takeback.match import CopyClass, Fact
from takeback.media import MediaLimits
from takeback.store import Store
from takeback.store.cases import Case
from takeback.store.sites import Site
from takeback.workflow.check import check_file
from takeback.workflow.closer import Describer, LateDescriber
from takeback.workflow.intake import receive_notice
from takeback.workflow.picture import reported_of
from takeback.workflow.replica import Replica
from takeback.workflow.upload import Action, Checked, Upload

type Pixels = NDArray[np.uint8]


class Counting:
    """A describer that counts the pictures it is given."""

    def __init__(self, describer: CopyDescriptor) -> None:
        self._describer = describer
        self.model_id = describer.model_id
        self.pictures = 0

    def embed_many(self, squares: Pixels) -> NDArray[np.float32]:
        self.pictures += len(squares)
        return self._describer.embed_many(squares)


@pytest.fixture(scope="module")
def model() -> CopyDescriptor:
    path = chosen_model("distilled")
    assert path is not None
    return CopyDescriptor(path)


@pytest.fixture
def describer(model: CopyDescriptor) -> Counting:
    return Counting(model)


def saved(pixels: Pixels) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def edited(pixels: Pixels) -> Pixels:
    return turned(pixels, 12)


def part_on_another(pixels: Pixels, left: int, top: int) -> Pixels:
    """Return a quarter of the picture, 300 × 240 from `left` and `top`, in the middle of another."""
    ground = np.asarray(PIL.Image.fromarray(tiled(5)).resize((900, 700)))
    return pasted(cropped(pixels, left, top, left + 300, top + 240), ground, 300, 230)


def given(pixels: Pixels, level: Level, describer: Describer | None) -> ReportedPicture:
    return reported_of(look_at(saved(pixels), MediaLimits()), level, describer)[0]


def notice(store: Store, replica: Replica, picture: ReportedPicture) -> Case:
    return receive_notice(store, replica, notice_about(picture), default_laws=LAWS, request=None, at=AT).case


def check(
    store: Store, replica: Replica, pixels: Pixels, describer: Describer | None, upload: Upload | None = None
) -> Checked:
    return check_file(store, replica, InProcess(), describer, saved(pixels), upload, at=AT)


def test_an_edit_that_fingerprints_miss_is_found_by_the_descriptor_and_waits_for_a_person(
    store: Store, replica: Replica, describer: Counting
) -> None:
    notice(store, replica, given(drawn(1), Level.DESCRIPTOR, describer))
    assert check(store, replica, edited(drawn(1)), None).screening.matches == ()
    found = check(store, replica, edited(drawn(1)), describer)
    (match,) = found.screening.matches
    assert (match.fact, found.action) == (Fact.SSCD, Action.ALLOW)
    assert match.copy_class is CopyClass.POSSIBLE
    assert match.evidence.similarity is not None
    assert match.evidence.similarity > 0.4


def test_an_edit_that_both_miss_is_found_by_local_features_with_its_place(store: Store, replica: Replica) -> None:
    notice(store, replica, given(cornered(3), Level.FEATURES, None))
    (match,) = check(store, replica, part_on_another(cornered(3), 80, 170), None).screening.matches
    assert match.fact is Fact.LOCAL
    assert match.evidence.alignment is not None
    place = match.evidence.alignment.as_json()
    # All of it would lie 80 to the left of and 170 above the part that is there, at its own scale.
    assert (place["left"], place["top"], place["scale"]) == pytest.approx((220, 60, 1), abs=3)
    assert check(store, replica, part_on_another(cornered(4), 80, 170), None).screening.matches == ()


def test_a_crop_inside_another_picture_is_found_by_its_view_and_the_crop_together(
    store: Store, replica: Replica
) -> None:
    notice(store, replica, given(cornered(3), Level.FINGERPRINT, None))
    (match,) = check(store, replica, part_on_another(cornered(3), 150, 120), None).screening.matches
    assert (match.fact, match.copy_class) == (Fact.PDQ, CopyClass.SUBSTANTIALLY_SAME)
    assert match.evidence.view == "region"


def test_what_was_not_given_is_not_there(store: Store, replica: Replica, describer: Counting) -> None:
    notice(store, replica, given(drawn(1), Level.FINGERPRINT, describer))
    replica.follow(store)
    assert (len(replica.entries.descriptors), len(replica.entries.local)) == (0, 0)
    assert check(store, replica, edited(drawn(1)), describer).screening.matches == ()


def test_what_pdq_decides_is_not_described(store: Store, replica: Replica, describer: Counting) -> None:
    notice(store, replica, given(drawn(1), Level.DESCRIPTOR, describer))
    before = describer.pictures
    assert check(store, replica, drawn(1)[:, ::-1].copy(), describer).action is Action.HOLD
    assert describer.pictures == before


def test_a_file_that_its_digest_refuses_is_not_decoded(store: Store, replica: Replica) -> None:
    gated(store, replica)
    decoder = InProcess()
    assert check_file(store, replica, decoder, None, saved(drawn(1)), None, at=AT).action is Action.REFUSE
    assert decoder.asked == 0


def gated(store: Store, replica: Replica) -> int:
    """Return the id of an entry of `drawn(1)` that refuses."""
    case = notice(store, replica, given(drawn(1), Level.FINGERPRINT, None))
    with store.write() as tx:
        (entry,) = tx.banks.of_case(case.id)
        tx.banks.set_state(entry.id, EntryState.GATED)
    return entry.id


def resaved(pixels: Pixels) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "JPEG", quality=80)
    return file.getvalue()


def test_what_the_fingerprint_of_the_whole_refuses_is_not_looked_at_further(store: Store, replica: Replica) -> None:
    gated(store, replica)
    decoder = InProcess()
    checked = check_file(store, replica, decoder, None, resaved(drawn(1)), None, at=AT)
    assert (checked.action, decoder.asked, decoder.looks) == (Action.REFUSE, 1, 0)
    assert check_file(store, replica, decoder, None, resaved(tiled(2)), None, at=AT).action is Action.ALLOW
    assert (decoder.asked, decoder.looks) == (2, 1)


def test_an_entry_that_is_closed_after_the_glance_refuses_nothing(store: Store, replica: Replica, site: Site) -> None:
    entry_id = gated(store, replica)

    class Closing(InProcess):
        """Closes the entry when the glance is over."""

        @contextmanager
        def glanced_at(self, data: bytes, *, miniatures: bool, reduced: bool = False) -> Iterator[Glance]:
            with super().glanced_at(data, miniatures=miniatures, reduced=reduced) as glance:
                yield glance
            with store.write() as tx:
                tx.banks.set_state(entry_id, EntryState.CLOSED)

    decoder, upload = Closing(), Upload(site, "1")
    checked = check_file(store, replica, decoder, None, resaved(drawn(1)), upload, at=AT)
    assert (checked.action, checked.remembered, decoder.looks) == (Action.ALLOW, True, 1)
    with store.read() as tx:
        # Both digests are kept, as of any upload: by the file's alone the next copy of it would not be found.
        assert tx.connection.execute(text("select count(*) from digest where item_id is not null")).scalar_one() == 2


def test_an_edited_upload_is_found_by_the_notice_that_comes_after_it(
    store: Store, replica: Replica, site: Site, describer: Counting
) -> None:
    check(store, replica, edited(drawn(1)), describer, Upload(site, "1", "https://forum.example/1"))
    picture = given(drawn(1), Level.DESCRIPTOR, describer)
    case = notice(store, replica, picture)
    with store.read() as tx:
        (copy,) = tx.copies.of_case(case.id)
        kept = tx.prints.known_by("item", 1)
    assert (copy.state, copy.likeness.fact) == (CopyState.POSSIBLE, "sscd")
    assert (len(kept.descriptors), len(kept.local)) == (1, 0)
    assert len(kept.prints) <= 4


def test_of_a_picture_without_detail_nothing_is_looked_for_but_its_digests(
    store: Store, replica: Replica, describer: Counting
) -> None:
    picture = given(drawn(1), Level.FEATURES, describer)
    assert picture.pdq is not None
    notice(store, replica, replace(picture, pdq=replace(picture.pdq, quality=49), orientations=None))
    replica.follow(store)
    assert len(replica.entries) == 0
    assert check(store, replica, edited(drawn(1)), describer).screening.matches == ()


def test_a_flat_upload_is_not_described(store: Store, replica: Replica, describer: Counting) -> None:
    check(store, replica, np.full((200, 300, 3), 120, np.uint8), describer)
    assert describer.pictures == 0


def test_a_late_describer_loads_its_model_with_the_first_picture(model: CopyDescriptor) -> None:
    loads: list[int] = []

    def load() -> Describer:
        loads.append(1)
        return model

    late = LateDescriber(load)
    assert loads == []
    assert late.embed_many(np.zeros((1, 288, 288, 3), np.uint8)).shape == (1, 512)
    assert (late.model_id, len(loads)) == (model.model_id, 1)
