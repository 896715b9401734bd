"""A file at the door: the cheapest look that decides, then the answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from takeback.fingerprint import Looked, file_digest, sums_of_lists
from takeback.match import Match
from takeback.store import Store
from takeback.workflow.closer import Describer, look_closer
from takeback.workflow.gate import Gate
from takeback.workflow.originals import altered_copies, suspects_of
from takeback.workflow.picture import Decoder, look_at
from takeback.workflow.query import Query
from takeback.workflow.replica import Replica
from takeback.workflow.screen import Screening, screen_query
from takeback.workflow.upload import Action, Checked, Upload, action_for, check_upload


def check_file(
    store: Store,
    replica: Replica,
    decoder: Decoder,
    describer: Describer | None,
    data: bytes,
    upload: Upload | None,
    *,
    gate: Gate | None = None,
    at: datetime,
) -> Checked:
    """
    Screen the picture in `data`, and remember it where the site names it and may keep it; one at a `gate` is not.

    Raises `UnreadableMedia`, `MediaTooLarge` and `Overloaded` as decoding does, unless a digest decided.
    """

    def screened(query: Query) -> Screening:
        with store.read() as tx:
            replica.catch_up(tx)
            return screen_query(query, indexes=replica.entries, bank=tx.banks, at=at)

    def is_refused(query: Query) -> bool:
        return action_for(screened(query)) is Action.REFUSE

    # 1. A file that is refused by its digest is not even decoded.
    sums = sums_for_lists(store, data)
    by_digest = Query(digests=(("file", file_digest(data)),)).with_sums(sums)
    if is_refused(by_digest):
        checked = check_upload(store, replica, by_digest, upload, gate=gate, at=at)
        if checked.action is Action.REFUSE:
            return checked
    # 2. Decoded, and compared by its fingerprint alone. What refuses it may be gone by the time of the answer.
    local = len(replica.entries.local) + len(replica.originals.local) > 0
    closer = local or describer is not None or len(replica.originals) > 0
    # Its digest was compared above, so it is left out here; the last word below has both.
    picture = look_at(
        decoder, data, closer=closer, sums=sums, enough=lambda query: is_refused(replace(query, digests=()))
    )
    if picture.is_glance:
        checked = check_upload(store, replica, picture.query, upload, gate=gate, at=at)
        if checked.action is Action.REFUSE:
            return checked
        picture = look_at(decoder, data, closer=closer, sums=sums)
    # 3. By its views, then by what takes longer; the answer is against exactly what is committed.
    query = look_closer(picture.query, picture.looked, screened, describer=describer, local=local)
    altered = altered_among(store, replica, query, picture.looked, at=at) if len(replica.originals) else []
    readable = picture.problem is None
    checked = check_upload(store, replica, query, upload, gate=gate, readable=readable, altered=altered, at=at)
    if picture.problem is not None and checked.screening.strongest is None:
        raise picture.problem
    return checked


def sums_for_lists(store: Store, data: bytes) -> tuple[tuple[str, bytes], ...]:
    """Return the older digests by which outside lists name a file, where there is a list; else none."""
    with store.read() as tx:
        return sums_of_lists(data) if tx.exchanges.any() else ()


def altered_among(store: Store, replica: Replica, query: Query, looked: Looked | None, *, at: datetime) -> list[Match]:
    """Return the originals of which a picture is an altered copy: they are read in a transaction, compared outside."""
    if looked is None or looked.miniatures is None:
        return []
    with store.read() as tx:
        replica.catch_up(tx)
        suspects = suspects_of(query, indexes=replica.originals, bank=tx.banks, at=at)
    return altered_copies(suspects, query, looked)
