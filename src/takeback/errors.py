"""
Every error that Takeback raises on purpose.

A message says what happened; `advice` says what to do next. Neither ever carries picture bytes, a
fingerprint or a person's words. `code` is the stable name that programs match on (`type` in
problem+json).

    TakebackError
    ├── InputError              what was given cannot be used
    │   ├── UnreadableMedia     not a picture that we decode, or damaged
    │   ├── MediaTooLarge       more bytes, pixels, frames or work than the limits allow
    │   ├── LowQuality          too little detail to be compared by its fingerprint
    │   ├── MalformedHash       not a fingerprint or digest of the kind it claims to be
    │   ├── ProofBroken         a proof or a signed head, brought by someone, that does not verify
    │   ├── WeakPhrase          a phrase for recovery that is too easy to guess
    │   ├── MalformedAddress    no address that mail can be sent to
    │   ├── TooManyAddresses    a case was given another address for mail more often than people change theirs
    │   ├── TooManyBundles      more evidence bundles were made with one receipt than anybody needs in a day
    │   ├── IncompleteNotice    fields that the law asks for are missing
    │   └── BadSetting          a setting that cannot be used
    ├── NotAllowed              the key is missing, unknown, or lacks the role
    ├── NotFound                no such case, bank, entry, item or site
    ├── IllegalTransition       the case is not in a state that allows this
    │   ├── DeskKeysChanged     words are sealed to people who are not, or no longer, of the desk
    │   └── BundleRefused       no evidence bundle is made where someone under 18 may be shown
    ├── OutsideError            another system failed; `permanent` says whether trying again can help
    │   ├── ExchangeError
    │   └── DeliveryError
    ├── TooMany                 more from one source than a person sends; a little work is asked for
    ├── RateLimited             more than a partner may ask; `retry_after_seconds` says when it may again
    ├── Overloaded              no capacity now; the same request may succeed later
    ├── StoreError              the database refused: full, read-only, locked, or of another schema
    └── IntegrityError          what is stored is not what was written
        ├── LogBroken
        ├── SealBroken
        └── SnapshotCorrupt
"""

from __future__ import annotations

from collections.abc import Sequence


class TakebackError(Exception):
    """What happened, in one sentence, and what to do next."""

    code = "error"
    advice = "Run `takeback doctor`, and report this with its output."

    def __init__(self, message: str, *, advice: str | None = None) -> None:
        super().__init__(message)
        if advice is not None:
            self.advice = advice

    @property
    def message(self) -> str:
        """What happened, in one sentence."""
        return str(self.args[0])


class InputError(TakebackError):
    """What was given cannot be used."""

    code = "bad-input"
    advice = "Correct the input and send it again."


class UnreadableMedia(InputError):
    """Not a picture that Takeback decodes, or a damaged one."""

    code = "unreadable-media"
    advice = "Send a whole JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF file."


class MediaTooLarge(InputError):
    """More bytes, pixels, frames or work than the limits allow."""

    code = "media-too-large"
    advice = "Send a smaller copy, or raise the limit named here in the settings."


class LowQuality(InputError):
    """Too little detail for a fingerprint to say anything (PDQ quality below 50)."""

    code = "low-quality"
    advice = "A person has to look at this one; only its digests were compared."


class MalformedHash(InputError):
    """Not a fingerprint or digest of the kind it claims to be."""

    code = "malformed-hash"
    advice = "A PDQ fingerprint has 64 hexadecimal digits, a SHA-256 digest too; compute it again from the file."


class ProofBroken(InputError):
    """A proof, or the signed head of a log, that someone brought and that does not verify."""

    code = "proof-broken"
    advice = "Get the file again from where it came. If it stays so, it was changed, or another log made it."


class WeakPhrase(InputError):
    """A phrase for recovery that is too easy to guess."""

    code = "weak-phrase"
    advice = "Take four words or more that do not belong together."


class MalformedAddress(InputError):
    """No address that mail can be sent to."""

    code = "malformed-address"
    advice = "Write it as in name@mail.example, without spaces and with one @."


class TooManyAddresses(InputError):
    """A case was given another address for mail more often than people change theirs."""

    code = "too-many-addresses"
    advice = "Try again tomorrow; until then look how the case stands yourself."


class TooManyBundles(InputError):
    """More evidence bundles were made with one receipt than anybody needs in a day."""

    code = "too-many-bundles"
    advice = "Use the last one, or make the next one tomorrow; the desk can make one at any time."


class IncompleteNotice(InputError):
    """Fields that the law asks for are missing; `missing` names them."""

    code = "incomplete-notice"
    advice = "Add the fields named in `missing`; the clock of receipt runs already."

    def __init__(self, message: str, *, missing: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.missing = tuple(missing)


class BadSetting(InputError):
    """A setting that cannot be used."""

    code = "bad-setting"
    advice = "`takeback config` lists every setting with its default and what it means."


class NotAllowed(TakebackError):
    """The key is missing, unknown or revoked, or is known and does not suffice (`known` true)."""

    code = "not-allowed"
    advice = "Send `Authorization: Bearer KEY` with a key of the role named here; `takeback key new` makes one."

    def __init__(self, message: str, *, known: bool = False, advice: str | None = None) -> None:
        super().__init__(message, advice=advice)
        self.known = known


class NotFound(TakebackError):
    """No such case, bank, entry, item or site."""

    code = "not-found"
    advice = "Check the identifier; it may have been withdrawn or erased."


class IllegalTransition(TakebackError):
    """The case or copy is not in a state that allows this."""

    code = "illegal-transition"
    advice = "Read the case again: someone may have acted on it meanwhile."


class DeskKeysChanged(IllegalTransition):
    """Words are sealed to people who are not, or no longer, of the desk."""

    code = "desk-keys-changed"
    advice = "Read `GET /api/v1/notices/desk-keys`, and seal them to every key that it names."


class BundleRefused(IllegalTransition):
    """No evidence bundle is made where someone under 18 may be shown."""

    code = "bundle-refused"
    advice = (
        "Report it to the hotline of your country (NCMEC, Internet Watch Foundation, INHOPE) and keep what the law "
        "asks you to keep (18 U.S.C. § 2258A); give the police what they ask for through their own order, and nobody "
        "else."
    )


class OutsideError(TakebackError):
    """
    Another system failed. Trying again can help unless `permanent`.

    `retry_after_seconds` is the wait that the other system asked for, None where it asked for none.
    """

    code = "outside-error"
    advice = "Check that the other system is up and that its address and key are right."

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after_seconds: float | None = None,
        advice: str | None = None,
    ) -> None:
        super().__init__(message, advice=advice)
        self.permanent = permanent
        self.retry_after_seconds = retry_after_seconds


class ExchangeError(OutsideError):
    """A fingerprint exchange failed or answered with something unusable."""

    code = "exchange-error"


class DeliveryError(OutsideError):
    """A site did not accept an action."""

    code = "delivery-error"


class Overloaded(TakebackError):
    """No capacity now; the same request may succeed later."""

    code = "overloaded"
    advice = "Wait a few seconds and send the same request again."


class TooMany(TakebackError):
    """
    More from one source, or from all together, than a person sends.

    The same may be sent again with a little work done for it (`takeback.service.work`), or later.
    """

    code = "too-many"
    advice = "Wait some minutes and send it again, or do the work that the answer asks for."

    def __init__(self, message: str, *, challenge: str = "") -> None:
        super().__init__(message)
        self.challenge = challenge


class RateLimited(TakebackError):
    """More than a partner may ask; the same may be asked again after `retry_after_seconds`."""

    code = "rate-limited"
    advice = "Wait as long as `Retry-After` says, and ask again."

    def __init__(self, message: str, *, retry_after_seconds: int = 60) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class StoreError(TakebackError):
    """The database refused: full, read-only, locked, or of another schema."""

    code = "store-error"
    advice = "Check the disk and the permissions of the data directory; nothing was half-written."


class IntegrityError(TakebackError):
    """What is stored is not what was written."""

    code = "integrity-error"
    advice = "Stop the service, keep the data directory as it is, and restore from a backup."


class LogBroken(IntegrityError):
    """The audit log does not verify; `index` is the first entry that does not."""

    code = "log-broken"

    def __init__(self, message: str, *, index: int | None = None) -> None:
        super().__init__(message)
        self.index = index


class SealBroken(IntegrityError):
    """A sealed value does not open: it was changed, or it is another key's."""

    code = "seal-broken"
    advice = "Check that the master key belongs to this data directory."


class SnapshotCorrupt(IntegrityError):
    """A snapshot file is truncated, changed or foreign; it is rebuilt from the store."""

    code = "snapshot-corrupt"
