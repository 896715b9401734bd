"""
Passkeys (Web Authentication Level 3): what a browser is asked, and what of its answer is believed.

Each answer is to a challenge that this service asked, a short while ago, and that was answered only this once. The
person was verified by their device; the page was ours. A counter that goes back is refused: the passkey may be a copy.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from takeback.audit.event import EventKind
from takeback.errors import NotAllowed
from takeback.store import Store, Transaction
from takeback.store.desk_people import Member, Passkey
from takeback.store.desk_sessions import Challenge
from takeback.workflow.desk_people import begin_session

CHALLENGE_VALID = timedelta(minutes=10)
"""As long as section 15.1 of the specification lets a person take."""
_NAME = "Takeback desk"
_MAX_ANSWER = 20_000
"""Characters of an answer: a few hundred bytes of keys, and what browsers add."""

_REFUSED = "This passkey was not accepted."
_AGAIN = "Open the page again and try once more; if it stays so, ask for another invitation."


@dataclass(frozen=True, slots=True)
class Party:
    """
    To whom passkeys belong: an origin, as a browser writes it.

    `roles_from` is the issuer that gives people their roles, where one does: whoever has an account there signs in by
    it, since a passkey does not say whether the role is still theirs.
    """

    origin: str
    roles_from: str = ""
    takes_passkeys: bool = True

    @property
    def id(self) -> str:
        """The host's name alone."""
        return urlsplit(self.origin).hostname or ""


def ask_to_join(store: Store, party: Party, secret: str, *, at: datetime) -> Mapping[str, object]:
    """Return what a browser needs to make a passkey for an invited person; `NotFound` for no open invitation."""
    with store.write() as tx:
        invitation = tx.desk_people.invitation(secret, at)
        member = tx.desk_people.by_id(invitation.person_id)
        known = [PublicKeyCredentialDescriptor(id=each.credential_id) for each in tx.desk_people.passkeys(member)]
        options = generate_registration_options(
            rp_id=party.id,
            rp_name=_NAME,
            user_id=member.handle,
            user_name=member.name,
            user_display_name=member.name,
            exclude_credentials=known,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
        )
        until = at + CHALLENGE_VALID
        tx.desk_sessions.ask(options.challenge, invitation_id=invitation.id, expires_at=until, at=at)
    return _plain(options_to_json(options))


def ask_to_sign_in(store: Store, party: Party, *, at: datetime) -> Mapping[str, object]:
    """Return what a browser needs to sign in by a passkey; who it is, the passkey says."""
    options = generate_authentication_options(rp_id=party.id, user_verification=UserVerificationRequirement.REQUIRED)
    with store.write() as tx:
        tx.desk_sessions.ask(options.challenge, invitation_id=None, expires_at=at + CHALLENGE_VALID, at=at)
    return _plain(options_to_json(options))


def join(store: Store, party: Party, answer: str, *, at: datetime) -> str:
    """
    Keep the passkey that an invited person made, and sign them in; return the secret of the session.

    The invitation is used up. `NotAllowed` where the answer is not one to a challenge of this service for it.
    """
    _require_open(party)
    credential = _registration(answer)
    challenge = _asked(credential.response.client_data_json)
    asked = _taken(store, challenge, at)
    if asked.invitation_id is None:
        raise _not_accepted()
    with store.write() as tx:
        invitation = tx.desk_people.invitation_by_id(asked.invitation_id, at)
        member = tx.desk_people.by_id(invitation.person_id)
        try:
            made = verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=party.id,
                expected_origin=party.origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError) as problem:
            raise _not_accepted() from problem
        _require_own_role(tx, party, member)
        tx.desk_people.add_passkey(
            member, made.credential_id, made.credential_public_key, sign_count=made.sign_count, at=at
        )
        tx.desk_people.forget_invitations(member)
        tx.audit.append(EventKind.DESK_JOINED, at=at, actor=member.actor, facts={"role": member.role.value})
        return begin_session(tx, member, at=at)


def sign_in(store: Store, party: Party, answer: str, *, at: datetime) -> str:
    """Sign a person in by a passkey; return the secret of the session. `NotAllowed` where it is not accepted."""
    _require_open(party)
    credential = _authentication(answer)
    challenge = _asked(credential.response.client_data_json)
    if _taken(store, challenge, at).invitation_id is not None:
        raise _not_accepted()
    with store.write() as tx:
        # 1. Whose passkey it is, and that its owner says the same.
        passkey = tx.desk_people.passkey(credential.raw_id)
        member = None if passkey is None else tx.desk_people.by_id(passkey.person_id)
        if passkey is None or member is None or credential.response.user_handle not in (None, member.handle):
            raise _not_accepted()
        # 2. What it signed.
        count = _verified(credential, challenge, party, passkey)
        if count is not None and member.left_at is None:
            _require_own_role(tx, party, member)
            tx.desk_people.was_used(passkey, count, at)
            return begin_session(tx, member, at=at)
        tx.audit.append(EventKind.DESK_PASSKEY_REFUSED, at=at, actor=member.actor)
    raise _not_accepted()


def _require_open(party: Party) -> None:
    if not party.takes_passkeys:
        raise NotAllowed(
            "This desk takes no passkeys.", known=True, advice="Sign in by the identity provider that its page names."
        )


def _require_own_role(tx: Transaction, party: Party, member: Member) -> None:
    """Raise `NotAllowed` for somebody whose role another system gives, and may have taken back."""
    if party.roles_from and tx.desk_identities.of(member, party.roles_from) is not None:
        raise NotAllowed(
            "Your role comes from the identity provider, and a passkey does not say whether you still have it.",
            known=True,
            advice="Sign in there.",
        )


def _verified(credential: AuthenticationCredential, challenge: bytes, party: Party, passkey: Passkey) -> int | None:
    """Return how often the passkey has signed by now; None where its answer does not hold, or its count went back."""
    try:
        return verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        ).new_sign_count
    except (WebAuthnException, ValueError):
        return None


def _registration(answer: str) -> RegistrationCredential:
    try:
        return parse_registration_credential_json(_read(answer))
    except (WebAuthnException, ValueError, TypeError, KeyError) as problem:
        raise _not_accepted() from problem


def _authentication(answer: str) -> AuthenticationCredential:
    try:
        return parse_authentication_credential_json(_read(answer))
    except (WebAuthnException, ValueError, TypeError, KeyError) as problem:
        raise _not_accepted() from problem


def _plain(options: str) -> Mapping[str, object]:
    read: Mapping[str, object] = json.loads(options)
    return read


def _read(answer: str) -> dict[str, object]:
    read = json.loads(answer) if len(answer) <= _MAX_ANSWER else None
    if not isinstance(read, dict):
        raise _not_accepted()
    return read


def _asked(client_data: bytes) -> bytes:
    """Return the challenge that a browser says it was asked."""
    try:
        return parse_client_data_json(client_data).challenge
    except (WebAuthnException, ValueError, TypeError, KeyError) as problem:
        raise _not_accepted() from problem


def _taken(store: Store, challenge: bytes, at: datetime) -> Challenge:
    """Return what was asked; in a transaction of its own, since it is used up whatever comes of the answer."""
    with store.write() as tx:
        asked = tx.desk_sessions.take(challenge, at)
    if asked is None:
        raise _not_accepted()
    return asked


def _not_accepted() -> NotAllowed:
    return NotAllowed(_REFUSED, advice=_AGAIN, known=True)
