"""An operator's Coop, as the settings have it: where it is, what it calls things, and whose word counts here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

from takeback.actions.coop.signature import PublicKeys
from takeback.actions.secret_file import read_secret
from takeback.config import Settings
from takeback.errors import BadSetting


class Meaning(StrEnum):
    """What an action that the operator defined in Coop means here."""

    REMOVE = "remove"
    """A person found that what is shown appears to be covered."""
    NOT_COVERED = "not_covered"
    """A person found that it is not. Nothing is shown again by that: the desk decides."""


@dataclass(frozen=True, slots=True)
class CoopAccount:
    """One organization in one Coop."""

    address: str
    item_type: str
    """The id of the item type that reports are of."""
    reporter_type: str
    reporter_id: str
    """The user, with the id of its type, who reports there: one made for this service, and nobody's."""
    policy: str
    """The id of the policy that reports are about; empty where none is named."""
    actions: Mapping[str, Meaning]
    """By the id of an action there."""
    people: Mapping[str, str]
    """Who of the desk somebody there is, by their address in small letters."""
    api_key_file: str
    public_key_file: str

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """Return the Coop of the settings; None where they name none."""
        if not settings.coop_address:
            return None
        reporter_type, _, reporter_id = settings.coop_reporter.partition("/")
        actions = (each.rpartition("=") for each in settings.coop_actions)
        people = (each.partition("=") for each in settings.coop_people)
        return cls(
            settings.coop_address.rstrip("/"), settings.coop_item_type, reporter_type, reporter_id,
            settings.coop_policy, {action: Meaning(meaning) for action, _, meaning in actions},
            {address.lower(): name for address, _, name in people}, settings.coop_api_key_file,
            settings.coop_public_key_file,
        )  # fmt: skip

    def api_key(self) -> str:
        """Read the key for its API, anew each time: it may have been changed there."""
        return read_secret(self.api_key_file, "coop_api_key_file")

    def public_keys(self) -> PublicKeys:
        """Read the keys that its words are checked with; `BadSetting` where the file holds none."""
        try:
            text = Path(self.public_key_file).read_text("ascii")
        except (OSError, UnicodeDecodeError) as problem:
            raise BadSetting(
                f"The key that `coop_public_key_file` names cannot be read from {self.public_key_file}.",
                advice="Copy it from Settings → API Keys in Coop into that file.",
            ) from problem
        return PublicKeys.parse(text)
