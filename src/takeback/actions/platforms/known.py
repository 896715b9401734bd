"""Which platforms there are, how each is reached, and what it can be asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from takeback.actions.interface import Can, SiteConnector
from takeback.actions.outgoing import OutgoingHttp
from takeback.actions.platforms import discourse, lemmy, mastodon, nextcloud, pixelfed, pleroma, s3
from takeback.actions.platforms.api import Access
from takeback.errors import InputError

WEBHOOK = "webhook"
"""The platform of a site that takes signed orders of ours."""


class _Connect(Protocol):
    def __call__(self, access: Access, http: OutgoingHttp, *, clock: Callable[[], datetime]) -> SiteConnector: ...


def _plain_token(token: str) -> None:
    if not token.isprintable() or " " in token:
        raise InputError("This token has a space or a line in it.", advice="Give the token alone, and one of them.")


@dataclass(frozen=True, slots=True)
class Platform:
    """One kind of software that we ask by its own API."""

    connect: _Connect
    can: Can
    check_token: Callable[[str], None] = _plain_token
    """Raises `InputError` where a token is not of the platform's form."""


PLATFORMS: Mapping[str, Platform] = {
    "discourse": Platform(discourse.DiscourseConnector, discourse.CAN),
    "lemmy": Platform(lemmy.LemmyConnector, lemmy.CAN),
    "mastodon": Platform(mastodon.MastodonConnector, mastodon.CAN),
    "nextcloud": Platform(nextcloud.NextcloudConnector, nextcloud.CAN, nextcloud.check_token),
    "pixelfed": Platform(pixelfed.PixelfedConnector, pixelfed.CAN),
    "pleroma": Platform(pleroma.PleromaConnector, pleroma.CAN),
    "s3": Platform(s3.S3Connector, s3.CAN, s3.check_token),
}


def can_of(platform: str) -> Can:
    """Return what a site of this platform can be asked for; `KeyError` where there is no such platform."""
    return Can() if platform == WEBHOOK else PLATFORMS[platform].can
