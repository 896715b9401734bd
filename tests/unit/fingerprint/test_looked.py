"""Fingerprints and miniatures from one look at a file, in a decoder and at home."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.house import drawn
from tests.unit.fingerprint.test_take import FRAMED, animation, drawing, framed, saved

from takeback.errors import UnreadableMedia
from takeback.fingerprint import Looked
from takeback.fingerprint.decoder import DECODER_HANDLER, PooledDecoder
from takeback.fingerprint.take import fingerprint_handler, look_at, take_fingerprints
from takeback.media import MediaLimits
from takeback.media.miniatures import Miniatures, miniatures_of
from takeback.media.sandbox import Answer, temporary_pool
from takeback.media.views import View, ViewKind

LIMITS = MediaLimits()
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def decoder() -> Iterator[PooledDecoder]:
    with temporary_pool(DECODER_HANDLER, children=1) as pool:
        yield PooledDecoder(pool, LIMITS)


def same(one: Miniatures | None, other: Miniatures | None) -> bool:
    assert one is not None
    assert other is not None
    return one.to_bytes() == other.to_bytes()


def test_a_look_gives_the_fingerprints_and_the_picture_made_small() -> None:
    looked = look_at(FRAMED, LIMITS)
    assert looked.prints == take_fingerprints(FRAMED, LIMITS)
    assert same(looked.miniatures, miniatures_of(framed(drawing()), [looked.prints.frames[0].views[0].view]))


def test_the_first_frame_with_enough_detail_is_made_small() -> None:
    blank, telling = np.full((120, 200, 3), 255, np.uint8), framed(drawing(40, 120))
    looked = look_at(animation(blank, telling, drawing(seed=9)), LIMITS)
    assert looked.prints.frames[0].quality == 0
    assert same(looked.miniatures, miniatures_of(telling, [looked.prints.frames[1].views[0].view]))


def test_where_no_frame_has_detail_the_first_is_made_small() -> None:
    blank = np.full((120, 200, 3), 255, np.uint8)
    assert same(look_at(saved(blank), LIMITS).miniatures, miniatures_of(blank))


def test_a_picture_too_small_to_be_described_has_no_miniatures() -> None:
    assert look_at(saved(drawing()[:31]), LIMITS).miniatures is None
    assert look_at(saved(drawing()[:32]), LIMITS).miniatures is not None


def test_nothing_is_attached_unless_it_is_asked_for() -> None:
    options = LIMITS.as_options()
    plain, refused, asked = (
        fingerprint_handler(FRAMED, {**options, **more}) for more in ({}, {"miniatures": False}, {"miniatures": True})
    )
    assert plain == refused
    assert isinstance(plain, Answer)
    assert isinstance(asked, Answer)
    assert plain.attachment == b""
    assert asked.attachment != b""


def test_what_a_decoder_sends_is_what_is_computed_here(decoder: PooledDecoder) -> None:
    for data in (FRAMED, saved(drawn(3)), animation(drawing(seed=1), framed(drawing(40, 120)))):
        here, there = look_at(data, LIMITS), decoder.looked_at(data)
        assert there.prints == here.prints == decoder.fingerprints(data)
        assert same(there.miniatures, here.miniatures)
    assert decoder.looked_at(saved(drawing()[:31])).miniatures is None


@pytest.mark.parametrize("data", [FRAMED, saved(drawn(3)), animation(drawing(seed=1), framed(drawing(40, 120)))])
def test_a_glance_is_the_first_frame_s_fingerprint_and_a_look_all_the_rest(decoder: PooledDecoder, data: bytes) -> None:
    here = look_at(data, LIMITS)
    with decoder.glanced_at(data, miniatures=True) as glance:
        assert glance.first.orientations == here.prints.frames[0].orientations
        looked = glance.look()
    assert (looked.prints, same(looked.miniatures, here.miniatures)) == (here.prints, True)
    with decoder.glanced_at(data, miniatures=False) as glance:
        assert glance.look() == Looked(here.prints, None)


def test_a_decoder_is_free_again_after_a_glance_alone(decoder: PooledDecoder) -> None:
    for _ in range(5):
        with decoder.glanced_at(FRAMED, miniatures=True) as glance:
            assert glance.first.format == "png"
    assert decoder.looked_at(FRAMED).miniatures is not None
    with pytest.raises(UnreadableMedia), decoder.glanced_at(b"no picture", miniatures=True):
        pass


def test_what_is_no_picture_is_unreadable_at_home_too(decoder: PooledDecoder) -> None:
    with pytest.raises(UnreadableMedia):
        decoder.looked_at(b"not a picture")


def sent(data: bytes = FRAMED) -> Answer:
    answer = look_at(data, LIMITS).to_answer()
    return Answer(json.loads(json.dumps(answer.result)), answer.attachment)


def test_a_later_frame_may_have_a_size_of_its_own() -> None:
    blank, telling = np.full((120, 200, 3), 255, np.uint8), drawing(200, 300)
    answer = sent(animation(blank, telling[:120, :200]))
    other = replace(answer, attachment=miniatures_of(telling).to_bytes())
    read = Looked.from_answer(other).miniatures
    assert read is not None
    assert (read.width, read.height) == (300, 200)


def test_miniatures_of_another_picture_are_refused() -> None:
    plain = sent(saved(drawing()))
    of_a_view = miniatures_of(drawing(), [View(ViewKind.REGION, 10, 10, 90, 90)])
    of_another_size = miniatures_of(drawing(140, 200))
    for attachment in (of_a_view.to_bytes(), of_another_size.to_bytes(), plain.attachment[:-1], b"x"):
        with pytest.raises(UnreadableMedia, match="decoder"):
            Looked.from_answer(replace(plain, attachment=attachment))
    assert Looked.from_answer(plain).miniatures is not None


def test_fingerprints_that_no_decoder_sends_are_refused_with_miniatures_too() -> None:
    answer = sent()
    forged: Any = dict(answer.result)
    forged["width"] = 0
    with pytest.raises(UnreadableMedia, match="decoder"):
        Looked.from_answer(replace(answer, result=forged))


def test_what_nobody_asked_for_is_refused() -> None:
    with temporary_pool("attaching:attaching_handler", children=1, search_path=[HERE]) as pool:
        decoder = PooledDecoder(pool, LIMITS)
        assert decoder.looked_at(FRAMED).miniatures is not None
        with pytest.raises(UnreadableMedia, match="decoder"):
            decoder.fingerprints(FRAMED)
