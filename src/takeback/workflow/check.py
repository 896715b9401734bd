"""A file at the door: the cheapest look that decides, then the answer."""

from __future__ import annotations

from datetime import datetime

from takeback.fingerprint import file_digest
from takeback.store import Store
from takeback.workflow.closer import Describer, look_closer
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
    at: datetime,
) -> Checked:
    """
    Screen the picture in `data`, and remember it where the site names it and may keep it.

    Raises `UnreadableMedia`, `MediaTooLarge` and `Overloaded` as decoding does, unless a digest decided.
    """

    def screened(query: Query) -> Screening:
        with store.read() as tx:
            replica.catch_up(tx)
            return screen_query(query, indexes=replica.entries, bank=tx.banks, at=at)

    # 1. A file that is refused by its digest is not even decoded.
    by_digest = Query(digests=(("file", file_digest(data)),))
    if action_for(screened(by_digest)) is Action.REFUSE:
        return check_upload(store, replica, by_digest, upload, at=at)
    # 2. Decoded; by its fingerprints, then by what takes longer.
    local = len(replica.entries.local) > 0
    picture = look_at(decoder, data, closer=local or describer is not None)
    query = look_closer(picture.query, picture.looked, screened, describer=describer, local=local)
    # 3. The answer, against exactly what is committed.
    checked = check_upload(store, replica, query, upload, readable=picture.problem is None, at=at)
    if picture.problem is not None and checked.screening.strongest is None:
        raise picture.problem
    return checked
