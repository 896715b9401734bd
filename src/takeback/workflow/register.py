"""What an administrator sets up: sites, keys, banks and their entries. Each is an event."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit

from takeback.actions.platforms.known import PLATFORMS, WEBHOOK
from takeback.audit.event import EventKind, Json
from takeback.bank import Entry, EntryState, Opinion, Thresholds
from takeback.cases.notice import ReportedPicture
from takeback.errors import InputError
from takeback.store import Store, Transaction
from takeback.store.access import KeyRole
from takeback.store.banks import NOTICES_BANK, ORIGINALS_BANK, BankRow, NewEntry
from takeback.store.sites import Address, Site
from takeback.workflow.query import known_by_of_reported

MAX_TOKEN_CHARACTERS = 4_096
"""Longest token: what a header may hold with most servers."""

_SECRET_BYTES = 32
_MAX_BITS = 64
"""Beyond this distance two PDQ codes say nothing: unrelated pictures are about 128 bits apart."""
_LEAST_INLIERS = 4
"""Fewer local features agree on some transform by chance."""


@dataclass(frozen=True, slots=True)
class NewSite:
    """A site with what it has to know, shown once."""

    site: Site
    webhook_secret: str
    upload_key: str


@dataclass(frozen=True, slots=True)
class NewPlatform:
    """How a site is asked by its platform's own API."""

    name: str
    api_url: str
    token: str = field(repr=False)


def set_up(store: Store, *, at: datetime) -> dict[KeyRole, str]:
    """
    Make what a new data directory needs: the bank of notices, and one key of each role that people have.

    Returns the keys, to be shown once; nothing where it was done before.
    """
    with store.write() as tx:
        if any(bank.name == NOTICES_BANK for bank in tx.banks.all_banks()):
            return {}
        tx.banks.add_bank(NOTICES_BANK, Thresholds(), at)
        roles = (KeyRole.ADMINISTRATOR, KeyRole.MODERATOR, KeyRole.AUDITOR)
        return {role: make_key(tx, role, name=f"first {role.value}", actor="set-up", at=at) for role in roles}


def new_key(store: Store, role: KeyRole, *, name: str, site: Site | None, actor: str, at: datetime) -> str:
    """Make a key and return its text, which cannot be had again; an upload key is bound to a site."""
    if (role is KeyRole.UPLOAD) != (site is not None):
        raise InputError("A key of role upload belongs to one site, and only that one does.")
    if role is KeyRole.PARTNER:
        raise InputError(
            "A key of role partner belongs to one partner.", advice="`takeback partner add` makes both together."
        )
    with store.write() as tx:
        return make_key(tx, role, name=name, site_id=None if site is None else site.id, actor=actor, at=at)


def revoke_key(store: Store, public_id: str, *, actor: str, at: datetime) -> None:
    """Revoke a key; the next request with it is refused."""
    with store.write() as tx:
        tx.access.revoke(public_id, at)
        tx.audit.append(EventKind.KEY_REVOKED, at=at, actor=actor, facts={"key": public_id})


def add_site(
    store: Store, name: str, *, base_url: str, actor: str, at: datetime, webhook_url: str | None = None,
    platform: NewPlatform | None = None, quarantine: bool = False,
) -> NewSite:  # fmt: skip
    """
    Add a site, with the secret that signs what it is sent, and its first upload key.

    It takes orders at `webhook_url`, or is asked by its `platform`'s API. With `quarantine` the bytes of what it
    removes are kept here (`takeback.workflow.quarantine`), which a platform cannot be given back.
    """
    name = name.strip()
    if not name:
        raise InputError("A site needs a name.")
    if (webhook_url is None) is (platform is None):
        raise InputError(
            "A site takes orders by a webhook, or by its platform's API.",
            advice="Give the address of the webhook; or the platform, the address of its API, and a token.",
        )
    if quarantine and platform is not None:
        _require_webhook(platform.name)
    api_url = None if platform is None else _checked(platform).api_url
    for url in (base_url, webhook_url, api_url):
        _require_address(url)
    if Address.parse(base_url) is None or urlsplit(base_url).query:
        raise InputError(
            "Nothing can lie below this base address.", advice="Give it without a query and without dots as segments."
        )
    ((key_id, _),) = store.keyring.new_data_keys()
    secret = secrets.token_bytes(_SECRET_BYTES)
    with store.write() as tx:
        site = tx.sites.add(
            name, base_url=base_url, webhook_url=webhook_url or "", secret=secret, key_id=key_id, at=at,
            platform=WEBHOOK if platform is None else platform.name, api_url=api_url,
            token=None if platform is None else platform.token.strip(),
        )  # fmt: skip
        facts: dict[str, Json] = {"site": site.public_id, "platform": site.platform}
        if quarantine:
            tx.sites.set_quarantine(site.id, True)
            site, facts = tx.sites.by_id(site.id), {**facts, "quarantine": True}
        tx.audit.append(EventKind.SITE_ADDED, at=at, actor=actor, facts=facts)
        key = make_key(tx, KeyRole.UPLOAD, name=name, site_id=site.id, actor=actor, at=at)
    return NewSite(site, secret.hex(), key)


def set_quarantine(store: Store, site_id: str, on: bool, *, actor: str, at: datetime) -> Site:
    """
    Choose whether the bytes of what a site removes are kept here, from the next removal on.

    What is kept already stays until its time is over. `NotFound` where there is no such site.
    """
    with store.write() as tx:
        site = tx.sites.by_public_id(site_id)
        if on:
            _require_webhook(site.platform)
        if site.quarantine is on:
            return site
        tx.sites.set_quarantine(site.id, on)
        facts: dict[str, Json] = {"site": site.public_id, "quarantine": on}
        tx.audit.append(EventKind.SETTINGS_CHANGED, at=at, actor=actor, facts=facts)
        return tx.sites.by_id(site.id)


def set_token(store: Store, site: Site, token: str, *, actor: str, at: datetime) -> None:
    """Give a site's platform another token, by which it is asked from the next order on."""
    if site.api_url is None:
        raise InputError("This site takes orders by a webhook, which has no token.")
    _checked(NewPlatform(site.platform, site.api_url, token))
    with store.write() as tx:
        tx.sites.set_token(site, token.strip())
        facts: dict[str, Json] = {"site": site.public_id, "changed": "token"}
        tx.audit.append(EventKind.SETTINGS_CHANGED, at=at, actor=actor, facts=facts)


def _checked(platform: NewPlatform) -> NewPlatform:
    if platform.name not in PLATFORMS:
        raise InputError(
            "This platform is not known here.",
            advice=f"Those that are: {', '.join(PLATFORMS)}; any other site takes orders by a webhook.",
        )
    token = platform.token.strip()
    if not 1 <= len(token) <= MAX_TOKEN_CHARACTERS or not token.isascii():
        raise InputError("A token has 1 to 4,096 characters of ASCII.", advice="Give it as the platform showed it.")
    PLATFORMS[platform.name].check_token(token)
    if urlsplit(platform.api_url).query:
        raise InputError("The address of an API has no query.", advice="Give it as docs/platforms shows it.")
    return platform


def _require_address(url: str | None) -> None:
    if url is None:
        return
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.fragment:
        raise InputError(
            "A site's addresses are http or https, with a host and without a user name.",
            advice="Give the whole address, as in https://forum.example/takeback.",
        )


def _require_webhook(platform: str) -> None:
    if platform != WEBHOOK:
        raise InputError(
            "A platform that is asked by its own API cannot be given bytes back.",
            advice="Only a site that takes orders by a webhook fetches what was kept here for it.",
        )


def add_bank(store: Store, name: str, thresholds: Thresholds, *, actor: str, at: datetime) -> BankRow:
    """Add a bank with its own thresholds."""
    require_not_originals(name)
    _require_order(thresholds)
    with store.write() as tx:
        bank = tx.banks.add_bank(name, thresholds, at)
        tx.audit.append(EventKind.SETTINGS_CHANGED, at=at, actor=actor, facts=_threshold_facts(bank))
        return bank


def set_thresholds(store: Store, name: str, thresholds: Thresholds, *, actor: str, at: datetime) -> BankRow:
    """Give a bank other thresholds, which count from the next search on; `NotFound` where there is no such bank."""
    _require_order(thresholds)
    with store.write() as tx:
        bank = tx.banks.set_thresholds(tx.banks.bank_by_name(name).id, thresholds)
        tx.audit.append(EventKind.SETTINGS_CHANGED, at=at, actor=actor, facts=_threshold_facts(bank))
        return bank


def _require_order(thresholds: Thresholds) -> None:
    if not 0 <= thresholds.blind_bits <= thresholds.same_bits <= thresholds.possible_bits <= _MAX_BITS:
        raise InputError(
            f"A bank's thresholds go blind ≤ same ≤ possible ≤ {_MAX_BITS} bits.",
            advice="The defaults are 10, 31 (the published radius) and 46.",
        )
    if not 0 < thresholds.possible_similarity <= thresholds.same_similarity <= 1:
        raise InputError("A bank's thresholds go 0 < possible ≤ same ≤ 1 for the descriptor's similarity.")
    if not _LEAST_INLIERS <= thresholds.possible_inliers <= thresholds.same_inliers:
        raise InputError(f"A bank's thresholds go {_LEAST_INLIERS} ≤ possible ≤ same for features that agree.")


def _threshold_facts(bank: BankRow) -> dict[str, Json]:
    thresholds = bank.thresholds
    return {
        "bank": bank.public_id,
        "same_bits": thresholds.same_bits,
        "possible_bits": thresholds.possible_bits,
        "same_similarity_permille": round(1_000 * thresholds.same_similarity),
        "possible_similarity_permille": round(1_000 * thresholds.possible_similarity),
        "same_inliers": thresholds.same_inliers,
        "possible_inliers": thresholds.possible_inliers,
    }


def add_entries(
    store: Store, bank_name: str, pictures: Sequence[ReportedPicture], *, opinion: Opinion, source: str,
    expires_at: datetime | None, actor: str, at: datetime,
) -> list[Entry]:  # fmt: skip
    """
    Put pictures that the operator answers for into a bank.

    What the operator enters counts as decided (`GATED`); with opinion *negative* it silences matches.
    """
    require_not_originals(bank_name)
    keys = store.keyring.new_data_keys(len(pictures))
    with store.write() as tx:
        bank = tx.banks.bank_by_name(bank_name)
        entries = []
        for picture, key in zip(pictures, keys, strict=True):
            new = replace(decided_entry([picture], opinion=opinion, source=source, actor=actor), expires_at=expires_at)
            entries.append(tx.banks.add_entry(bank.id, new, key, at))
        note_entries(tx, bank, entries=len(entries), opinion=opinion, source=source, actor=actor, at=at)
    return entries


def decided_entry(
    frames: Sequence[ReportedPicture], *, opinion: Opinion, source: str, actor: str | None = None
) -> NewEntry:
    """Return the entry of what the operator answers for: one picture, or the frames of one animation."""
    known_by = known_by_of_reported(frames)
    return NewEntry(source=source, opinion=opinion, state=EntryState.GATED, known_by=known_by, added_by=actor)


def note_entries(
    tx: Transaction, bank: BankRow, *, entries: int, opinion: Opinion, source: str, actor: str, at: datetime
) -> None:
    """Write down that the operator put entries into a bank: how many, never which."""
    facts: dict[str, Json] = {"bank": bank.public_id, "entries": entries, "opinion": opinion.value, "source": source}
    tx.audit.append(EventKind.ENTRY_IMPORTED, at=at, actor=actor, facts=facts)


def require_not_originals(bank_name: str) -> None:
    """Raise `InputError` for the bank that only notices put ordinary pictures into."""
    if bank_name == ORIGINALS_BANK:
        raise InputError(
            f"The bank {ORIGINALS_BANK} takes only ordinary pictures that come with a notice.",
            advice="Choose another name.",
        )


def remove_entry(store: Store, entry_id: str, *, actor: str, at: datetime) -> None:
    """Erase an entry that the operator put in; one that a notice made ends with its case."""
    with store.write() as tx:
        entry = tx.banks.by_public_id(entry_id)
        require_of_no_case(entry)
        key_id = tx.banks.erase(entry.id)
        tx.audit.append(EventKind.GATE_ENTRY_CLOSED, at=at, actor=actor, facts={"entry": entry.public_id})
    store.keyring.destroy([key_id])


def require_of_no_case(entry: Entry) -> None:
    """Raise `InputError` for an entry that a notice made."""
    if entry.case_id is not None:
        raise InputError(
            "This entry belongs to a case.",
            advice="Decide or close the case; a notice is ended by its receipt.",
        )


def make_key(
    tx: Transaction, role: KeyRole, *, name: str, site_id: int | None = None, partner_id: int | None = None, actor: str,
    at: datetime,
) -> str:  # fmt: skip
    """Make a key inside a transaction, with its event, and return its text."""
    text = tx.access.new_key(role, name=name, site_id=site_id, partner_id=partner_id, at=at)
    key = tx.access.find(text)
    assert key is not None
    tx.audit.append(EventKind.KEY_MADE, at=at, actor=actor, facts={"key": key.public_id, "role": role.value})
    return text
