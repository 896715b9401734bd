"""
Every setting: name, default, and what it means, in one table.

A setting comes from, first found wins: the command line, the environment (`TAKEBACK_NAME`),
`takeback.toml` in the data directory, the default. `takeback config` prints the table with the values
in force.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from takeback.errors import BadSetting

FILE_NAME = "takeback.toml"
PREFIX = "TAKEBACK_"
KERNEL_VARIABLE = "TAKEBACK_KERNEL"
"""Chooses the kernel's instructions (`native/core/level.hpp`). No setting: it is read before any is."""


_NAME = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_ORIGIN = re.compile(
    rf"(?:https://(?:{_NAME}\.)*{_NAME}|http://(?:localhost|127\.0\.0\.1|(?:{_NAME}\.)*[a-z2-7]{{56}}\.onion))(?::[0-9]{{1,5}})?"
)
"""A page over http can be changed on the way, and the frame in it with it: only this machine and onions are safe so."""
_ORIGIN_ADVICE = "Write it as a browser does: https://forum.example, without a path or a star; in small letters."
_DESK_ORIGIN = re.compile(rf"(?:https://(?:{_NAME}\.)*(?=[a-z0-9-]*[a-z]){_NAME}|http://localhost)(?::[0-9]{{1,5}})?")
"""Passkeys belong to a name, never to a number (Web Authentication, section 5.1.3), and to a safe connection."""
_DESK_ADVICE = "Write it as a browser does: https://desk.forum.example, or http://localhost:8470; no number, no path."
_ONION = re.compile(r"https?://[a-z2-7]{56}\.onion")
"""Of version 3 (Tor's rend-spec-v3, section 6): base32 of the key, a checksum and the version."""

_LOG_NAME = re.compile(r"[A-Za-z0-9./:_-]{0,100}")
"""Narrower than signed notes ask, so that it can stand in every line and file name."""

_MAILBOX = re.compile(
    r"(?!\.)(?!.*\.\.)(?!.*\.@)[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
"""`local@domain` of RFC 5321, section 4.1.2, without quotes and without hosts in digits: no white space, no comma."""
_MAX_MAILBOX_CHARACTERS = 254
"""RFC 5321, section 4.5.3.1.3, less the two angle brackets."""
_MAIL_SERVER = re.compile(r"smtps?://(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(?::[0-9]{1,5})?")
_MAIL_ADVICE = (
    "Write smtp://mail.example:587 (TLS is begun after the greeting) or smtps://mail.example:465 (TLS from the start)."
)
_MAX_AUTHORITY = 500
_MAX_MAIL_NAME = 100
_MAX_BOUNCES_LOCAL = 64 - 27
"""What RFC 5321, section 4.5.3.1.1, leaves beside the tag."""
_MAILBOX_ADVICE = "Write it as in news@mail.example."

ON, OFF = "on", "off"

_ISSUER = re.compile(r"https?://[^\s/?#@\"'<>\\\\]+(?:/[^\s?#\"'<>\\\\]*)?")
_MAX_ISSUER = 500
_ISSUER_ADVICE = (
    "Write it as the provider's own `issuer` has it, to the last slash, as in https://id.example/realms/forum."
)
_OPENID_TOGETHER = ("openid_issuer", "openid_client_id", "openid_client_secret_file")
_COOP_TOGETHER = ("coop_address", "coop_api_key_file", "coop_public_key_file", "coop_item_type", "coop_reporter")
_COOP_ADDRESS = re.compile(r"https?://[^\s/?#@]+(?:/[^\s?#]*)?")
_COOP_ACTION = re.compile(r"[^\s=]+=(?:remove|not_covered)")
_COOP_ADVICE = "Write it as in https://coop.forum.example; plain http only where allowed_private_hosts names it."
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
"""RFC 6749, section 3.3."""
DESK_ROLES = ("moderator", "second_reader", "administrator", "auditor")
"""What a person of the desk can be (`takeback.store.desk_people.DeskRole`)."""
_ROLES_ADVICE = f"Write each as VALUE=ROLE, as in forum-moderators=moderator; a role is one of {', '.join(DESK_ROLES)}."

_CONTACT = re.compile(r"(?:mailto:[^\s@,]+@[^\s@,]+|https://[^\s,]+|tel:[0-9+().-]+)")
_CONTACT_ADVICE = "Write it as mailto:desk@forum.example, https://forum.example/contact or tel:+1-555-0100."


def _setting(default: Any, help_text: str) -> Any:
    return field(default=default, metadata={"help": help_text})


def is_origin(text: str) -> bool:
    """Whether `text` is a site as a browser names it, which nobody on the way can change."""
    return _ORIGIN.fullmatch(text) is not None


def is_mailbox(text: str) -> bool:
    """Whether `text` is an address that mail can be sent to, alone and without a name before it."""
    return len(text) <= _MAX_MAILBOX_CHARACTERS and _MAILBOX.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one service."""

    data: Path = _setting(Path("data"), "Where the database and the key store lie.")
    host: str = _setting("127.0.0.1", "Address to listen on; put a TLS proxy before any other than loopback.")
    port: int = _setting(8470, "Port to listen on; 0 takes a free one and prints it.")
    workers: int = _setting(1, "HTTP worker processes.")
    decoders: int = _setting(2, "Child processes that decode pictures, without network, files or keys.")
    master_key_file: str = _setting(
        "",
        "The master key, outside the data and its backups. Empty: the systemd credential "
        "`takeback-master-key`, else `~/.config/takeback/master.key`.",
    )
    runtime_dir: str = _setting(
        "",
        "Sockets and shared indexes of this run, best in memory; empty: a new private directory, in shared memory "
        "if there is some, that ends with it.",
    )
    journal_file: str = _setting(
        "",
        "Journal of withdrawals, replayed by `takeback restore`. Empty: `withdrawals.journal` in the data.",
    )
    laws: tuple[str, ...] = _setting(
        ("us-take-it-down", "uk-osa-20a", "eu-dsa-16"),
        "Laws that a notice is tried under when it names none.",
    )
    operator_size: str = _setting(
        "small",
        "`small`: fewer than 50 people and at most ten million euros a year, not bound by Art. 20 and 21 DSA; `large`.",
    )
    terms_ground: str = _setting(
        "", "Rule of the site that such pictures break too, as whoever posted one is told; empty: none is named."
    )
    contest_days: int = _setting(184, "For how long a removal can be contested: six months (Art. 20(1) DSA).")
    answer_hours: float = _setting(
        72.0, "How long she has to answer before anything that was hidden for her is shown again."
    )
    transparency_page: str = _setting(
        "off",
        "`on`: anyone reads at /transparency what was done with notices, of half-years that are over; `off`: nobody.",
    )
    statement_languages: tuple[str, ...] = _setting(
        ("ar", "de", "en", "es", "fr", "pt"), "Languages of the statement of reasons that goes with each order."
    )
    public_address: str = _setting(
        "",
        "Where browsers reach this service, such as https://report.forum.example: links for contesting, and those in "
        "mail, lead there. Empty: the address that it listens on.",
    )
    embedded_on: tuple[str, ...] = _setting(
        (), "Sites that may show the form and the case in a frame, such as https://forum.example; empty: none may."
    )
    contact: tuple[str, ...] = _setting(
        (),
        "Where people and authorities reach the operator: mailto:, https: or tel:. The notice to the public names it.",
    )
    host_contact: tuple[str, ...] = _setting(
        (),
        "Where whoever hosts the site is reached: mailto:, https: or tel:. The desk names it where nobody of it may "
        "decide a case.",
    )
    security_contact: tuple[str, ...] = _setting(
        (), "Where a hole is reported: mailto:, https: or tel:, as security.txt names it; empty: there is no such file."
    )
    onion_address: str = _setting(
        "", "Address of the onion service before this one, http://….onion; Tor Browser offers it. Empty: there is none."
    )
    mail_server: str = _setting(
        "",
        "Server that sends mail: smtp://mail.example:587 or smtps://mail.example:465; without TLS only here. "
        "Empty: nobody is told anything by mail.",
    )
    mail_from: str = _setting("", "Address that mail comes from; best of a domain that says nothing of what it is.")
    mail_name: str = _setting("", "Name before that address, as neutral as it; empty: none.")
    mail_bounces: str = _setting(
        "",
        "Address that mail which cannot be delivered comes back to; a + and a tag are put into it. Empty: `mail_from`.",
    )
    mail_user: str = _setting("", "Name to log in with at the mail server; empty: no login.")
    mail_password_file: str = _setting("", "File with the password for it, readable by its owner alone (0600).")
    mail_delay_seconds: float = _setting(
        300.0, "How long a mail that there is news waits, so that several pieces of news become one mail."
    )
    mail_confirmations_per_hour: int = _setting(
        60, "Mails in an hour that ask whether an address is right, to all together; more wait."
    )
    allowed_private_hosts: tuple[str, ...] = _setting(
        (),
        "Hosts with private addresses that webhooks and links may reach, and the identity provider may be at, by name "
        "or name:port.",
    )
    hma: str = _setting(
        "",
        "Where HMA's interface is served, for its clients: 127.0.0.1:5000, or unix:/run/takeback/hma.sock. Empty: "
        "nowhere.",
    )
    hma_peers: tuple[str, ...] = _setting(
        (),
        "Addresses and networks whose requests that interface answers without a key, beside this machine's own: "
        "10.0.0.7, 10.0.0.0/24. Empty: none.",
    )
    hma_fetch_hosts: tuple[str, ...] = _setting(
        (), "Hosts from which that interface fetches a picture by its address; empty: from none."
    )
    stopncii: str = _setting(
        "",
        "Where StopNCII's interface is served, for partners that fetch a list by it: 127.0.0.1:8480, or "
        "unix:/run/takeback/stopncii.sock. Empty: nowhere.",
    )
    notices_per_hour: int = _setting(
        20, "Notices from one source in an hour before its browser is asked for a little work; 0 asks nobody."
    )
    holds_per_source: int = _setting(
        20, "Undecided cases of one source that may hide something before a person has looked at one; 0 is no bound."
    )
    client_address_header: str = _setting(
        "", "Header in which your own proxy says where a request comes from, such as X-Real-IP; empty: there is none."
    )
    clamd: tuple[str, ...] = _setting(
        (),
        "Gates that speak ClamAV's protocol: 127.0.0.1:3310 or unix:/run/takeback/clamd.sock, then site=, space=, "
        "fault=, peer=, path=, behind=; see docs/gates.md.",
    )
    icap: tuple[str, ...] = _setting((), "Gates that speak ICAP, as in 127.0.0.1:1344; the same words may follow.")
    pictrs: tuple[str, ...] = _setting(
        (), "Gates for the external validation of pict-rs (Lemmy), as in 127.0.0.1:8471; the same words may follow."
    )
    subrequest: tuple[str, ...] = _setting(
        (), "Gates that a reverse proxy asks before it lets an upload through; the same words may follow, and onward=."
    )
    private_messages: str = _setting(
        "off", "`on`: a gate may stand before private messages (space=private); read docs/gates.md first. `off`: none."
    )
    max_upload_bytes: int = _setting(50 * 1024 * 1024, "Largest picture that is taken, in bytes.")
    max_pixels: int = _setting(100_000_000, "Largest picture that is decoded, width times height.")
    max_frames: int = _setting(16, "Distinct frames of an animation that are fingerprinted.")
    decode_memory_bytes: int = _setting(1024 * 1024 * 1024, "Memory that decoding one picture may take.")
    decode_cpu_seconds: int = _setting(10, "Processor time that decoding one picture may take.")
    decode_wall_seconds: int = _setting(20, "Time that decoding one picture may take.")
    copy_model: str = _setting(
        "",
        "Model of the learned descriptor that finds copies which are cropped, turned or written over: an ONNX file, "
        "`distilled` for the small one of the extra `copies`, `off`. Empty: the full one of the extra, if installed.",
    )
    copy_threads: int = _setting(1, "Threads that describe one picture by the copy model.")
    page_model: str = _setting(
        "",
        "Folder with the same model, its licence, which has to allow passing it on, and what runs it in a browser: "
        "then her own device can make the descriptor too. Empty: it makes fingerprints alone.",
    )
    log_name: str = _setting(
        "",
        "How this service is called as a log and as a witness of other logs, best an address without its scheme: "
        "forum.example/takeback. Empty: a part of its key.",
    )
    log_period_minutes: float = _setting(
        15.0, "How often the public log gets an entry; until then what was attested cannot be proven yet."
    )
    timestamp_authorities: tuple[str, ...] = _setting(
        (),
        "Timestamp authorities (RFC 3161) that sign the head of the public log: addresses that take a "
        "timestamp-query. They see a digest and nothing else. Empty: none is asked.",
    )
    timestamp_periods: int = _setting(96, "After how many entries of the public log each of them is asked again.")
    timestamp_roots: str = _setting(
        "",
        "File with the root certificates (PEM) under which their signatures are checked when they come; empty: whoever "
        "reads a bundle checks them.",
    )
    signer_trust_lists: tuple[str, ...] = _setting(
        (),
        "Trust lists for Content Credentials, as official=/etc/takeback/c2pa-trust-list.pem: a name that people are "
        "told, and certificates (PEM) under which who signed is believed. Empty: nobody is vouched for.",
    )
    timestamp_trust_lists: tuple[str, ...] = _setting(
        (), "The same for time stamps in Content Credentials: authorities under which the time of signing is believed."
    )
    alert_webhooks: tuple[str, ...] = _setting(
        (),
        "Where the desk is told what is due soon or late, as JSON with `text`: addresses of a chat or a pager. "
        "Name two: one may fail when it matters.",
    )
    alert_mail: tuple[str, ...] = _setting(
        (), "Where the desk is told the same by mail, by `mail_server`: addresses of people, or of a pager."
    )
    desk_origin: str = _setting(
        "",
        "Where the people of the desk open it, as their browsers write it: https://takeback.forum.example, or "
        "http://localhost:8470. Passkeys are bound to it. Empty: there is no desk in the browser.",
    )
    desk_passkeys: str = _setting(
        "on", "`on`: people of the desk sign in by passkeys; `off`: by the identity provider alone (`openid_issuer`)."
    )
    openid_issuer: str = _setting(
        "",
        "Identity provider (OpenID Connect) that people of the desk may sign in by, as its discovery document has it: "
        "https://id.example/realms/forum. Empty: there is none.",
    )
    openid_client_id: str = _setting("", "What this service is called there.")
    openid_client_secret_file: str = _setting(
        "", "File with the secret that it gave to this service, readable by its owner alone (0600)."
    )
    openid_name: str = _setting("", "What the desk's pages call the provider; empty: its host.")
    openid_scopes: tuple[str, ...] = _setting(("openid",), "Scopes that are asked for; `openid` is one of them.")
    openid_role_claim: str = _setting(
        "",
        "Claim of the ID token that says what a person does at the desk, read at each sign-in: a text, or a list of "
        "them. Empty: roles are given here (`takeback desk invite`).",
    )
    openid_roles: tuple[str, ...] = _setting(
        (), "Which value of that claim is which role, as in forum-moderators=moderator; whoever has none may not enter."
    )
    openid_max_age_seconds: int = _setting(
        0, "How long ago a person may have proven there who they are, in seconds; 0: as the provider has it."
    )
    openid_acr_values: tuple[str, ...] = _setting(
        (), "Ways of proving it (`acr`) that are asked for, of which one must have been used; empty: any."
    )
    openid_amr_values: tuple[str, ...] = _setting(
        (), "Methods (`amr`, such as mfa or hwk) of which the provider must say that one was used; empty: any."
    )
    coop_address: str = _setting(
        "", "Where your Coop is, which is told what waits for a decision: https://coop.forum.example. Empty: nowhere."
    )
    coop_api_key_file: str = _setting(
        "", "File with an API key of your organization there, readable by its owner alone (0600)."
    )
    coop_public_key_file: str = _setting(
        "", "File with its webhook signature verification key (PEM); two of them while one takes the other's place."
    )
    coop_item_type: str = _setting("", "Id of the item type there that reports are of; see docs/coop.md.")
    coop_reporter: str = _setting(
        "", "Who reports there, as TYPE/ID: a user type's id, and a user made for this alone."
    )
    coop_policy: str = _setting("", "Id of the policy there that reports are about; empty: none is named.")
    coop_actions: tuple[str, ...] = _setting(
        (), "What an action there means here: ID=remove or ID=not_covered. Empty: no action means anything."
    )
    coop_people: tuple[str, ...] = _setting(
        (),
        "Who of the desk somebody there is, as ada@forum.example=Ada: what they remove there is then their decision. "
        "Empty: whatever is said there is an opinion, and the desk decides.",
    )
    looks_per_day: int = _setting(
        20, "Pictures that one person of the desk looks at within 24 hours, at most; 0: nobody looks at any."
    )
    quarantine_max_bytes: int = _setting(
        5 * 1024 * 1024 * 1024,
        "Most bytes that the quarantine holds, of all sites that cannot keep what they remove.",
    )
    reconcile_hours: float = _setting(24.0, "How often each site is asked which items are gone.")
    give_up_hours: float = _setting(72.0, "How long a webhook is retried before the desk is told that it failed.")
    exchange_minutes: float = _setting(15.0, "How often an outside list that was read is asked what is new.")
    instance_minutes: float = _setting(
        15.0, "How often another instance that a notice was forwarded to is asked what was done there."
    )
    request_timeout_seconds: float = _setting(15.0, "How long another system may take to answer.")

    def __post_init__(self) -> None:
        for name in (
            "workers",
            "decoders",
            "max_upload_bytes",
            "max_pixels",
            "max_frames",
            "decode_cpu_seconds",
            "copy_threads",
            "contest_days",
            "timestamp_periods",
            "quarantine_max_bytes",
        ):
            if getattr(self, name) < 1:
                raise BadSetting(f"{name} must be at least 1.")
        if self.notices_per_hour < 0:
            raise BadSetting("notices_per_hour must be at least 0.")
        if self.holds_per_source < 0:
            raise BadSetting("holds_per_source must be at least 0.")
        if self.looks_per_day < 0:
            raise BadSetting("looks_per_day must be at least 0.")
        if not 0 <= self.port <= 65_535:
            raise BadSetting("port must be between 0 and 65535.")
        if not 0.0 < self.log_period_minutes <= 1_440.0:
            raise BadSetting("log_period_minutes must be above 0 and at most 1440.")
        if self.instance_minutes <= 0:
            raise BadSetting("instance_minutes must be more than 0.")
        if not _LOG_NAME.fullmatch(self.log_name):
            raise BadSetting(f"log_name is {self.log_name!r}.", advice="Write it like forum.example/takeback.")
        if self.transparency_page not in (ON, OFF):
            raise BadSetting(f"transparency_page is {self.transparency_page!r}; it is {ON} or {OFF}.")
        if self.private_messages not in (ON, OFF):
            raise BadSetting(f"private_messages is {self.private_messages!r}; it is {ON} or {OFF}.")
        if self.answer_hours <= 0:
            raise BadSetting("answer_hours must be more than 0.")
        for origin in self.embedded_on:
            if not is_origin(origin):
                raise BadSetting(f"embedded_on names {origin!r}, which is no origin.", advice=_ORIGIN_ADVICE)
        if self.desk_origin and not _DESK_ORIGIN.fullmatch(self.desk_origin):
            raise BadSetting(f"desk_origin is {self.desk_origin!r}, which no passkey works on.", advice=_DESK_ADVICE)
        for url in self.timestamp_authorities:
            if not re.match(r"https?://[^\s/]", url) or len(url) > _MAX_AUTHORITY:
                advice = "Write it as in https://tsa.example/tsr; plain http only where allowed_private_hosts names it."
                raise BadSetting(f"timestamp_authorities names {url!r}, which is no address.", advice=advice)
        for name in ("contact", "host_contact", "security_contact"):
            for address in getattr(self, name):
                if not _CONTACT.fullmatch(address):
                    raise BadSetting(f"{name} names {address!r}, which is no address.", advice=_CONTACT_ADVICE)
        self._check_mail()
        self._check_openid()
        self._check_coop()
        if self.onion_address and not _ONION.fullmatch(self.onion_address):
            raise BadSetting(
                f"onion_address is {self.onion_address!r}, which is no onion service's.",
                advice="Give http:// and the 56 characters before .onion that Tor wrote into the file `hostname`.",
            )

    def _check_mail(self) -> None:
        if self.public_address and not is_origin(self.public_address):
            raise BadSetting(f"public_address is {self.public_address!r}, which is no origin.", advice=_ORIGIN_ADVICE)
        if self.mail_server and not _MAIL_SERVER.fullmatch(self.mail_server):
            raise BadSetting(f"mail_server is {self.mail_server!r}, which is no mail server.", advice=_MAIL_ADVICE)
        for name in ("mail_from", "mail_bounces"):
            if (address := getattr(self, name)) and not is_mailbox(address):
                raise BadSetting(f"{name} is {address!r}, which is no address.", advice=_MAILBOX_ADVICE)
        if len((self.mail_bounces or self.mail_from).partition("@")[0]) > _MAX_BOUNCES_LOCAL:
            raise BadSetting(
                f"What mail comes back to has more than {_MAX_BOUNCES_LOCAL} characters before its @.",
                advice="Set mail_bounces to a shorter address: a + and a tag of 26 characters go into it.",
            )
        for address in self.alert_mail:
            if not is_mailbox(address):
                raise BadSetting(f"alert_mail names {address!r}, which is no address.", advice=_MAILBOX_ADVICE)
        if self.alert_mail and not self.mail_server:
            raise BadSetting("alert_mail is set, and not mail_server.", advice="Set it, mail_from and public_address.")
        if self.mail_name and not (self.mail_name.isprintable() and len(self.mail_name) <= _MAX_MAIL_NAME):
            raise BadSetting(f"mail_name has at most {_MAX_MAIL_NAME} characters, on one line.")
        if self.mail_server and not (self.mail_from and self.public_address):
            raise BadSetting(
                "mail_server is set, and not mail_from and public_address.",
                advice="Say from which address mail comes, and under which address people open the pages.",
            )
        if bool(self.mail_user) != bool(self.mail_password_file):
            raise BadSetting("mail_user and mail_password_file go together.", advice="Set both, or neither.")
        if self.mail_delay_seconds < 0 or self.mail_confirmations_per_hour < 1:
            raise BadSetting("mail_delay_seconds is 0 at least, and mail_confirmations_per_hour 1.")

    def _check_openid(self) -> None:
        given = [bool(getattr(self, name)) for name in _OPENID_TOGETHER]
        if any(given) and not all(given):
            raise BadSetting(f"{', '.join(_OPENID_TOGETHER)} go together.", advice="Set all three, or none.")
        if self.openid_issuer and (len(self.openid_issuer) > _MAX_ISSUER or not _ISSUER.fullmatch(self.openid_issuer)):
            raise BadSetting(f"openid_issuer is {self.openid_issuer!r}, which is no issuer.", advice=_ISSUER_ADVICE)
        if self.desk_passkeys not in (ON, OFF):
            raise BadSetting(f"desk_passkeys is {self.desk_passkeys!r}; it is {ON} or {OFF}.")
        if self.desk_passkeys == OFF and not self.openid_issuer:
            raise BadSetting("desk_passkeys is off, and there is no openid_issuer: nobody could sign in.")
        if "openid" not in self.openid_scopes or not all(map(_SCOPE.fullmatch, self.openid_scopes)):
            raise BadSetting("openid_scopes are words without spaces, and `openid` is one of them.")
        if self.openid_max_age_seconds < 0:
            raise BadSetting("openid_max_age_seconds must be at least 0.")
        if bool(self.openid_role_claim) != bool(self.openid_roles):
            raise BadSetting("openid_role_claim and openid_roles go together.", advice=_ROLES_ADVICE)
        for entry in self.openid_roles:
            value, _, role = entry.rpartition("=")
            if not value or role not in DESK_ROLES:
                raise BadSetting(f"openid_roles names {entry!r}, which is no role.", advice=_ROLES_ADVICE)

    def _check_coop(self) -> None:
        given = [bool(getattr(self, name)) for name in _COOP_TOGETHER]
        if any(given) and not all(given):
            raise BadSetting(f"{', '.join(_COOP_TOGETHER)} go together.", advice="Set all five, or none.")
        if self.coop_address and not _COOP_ADDRESS.fullmatch(self.coop_address):
            raise BadSetting(f"coop_address is {self.coop_address!r}, which is no address.", advice=_COOP_ADVICE)
        if self.coop_reporter and not all(self.coop_reporter.partition("/")):
            raise BadSetting(f"coop_reporter is {self.coop_reporter!r}.", advice="Write it as TYPE/ID.")
        for action in self.coop_actions:
            if not _COOP_ACTION.fullmatch(action):
                advice = "Write each as ID=remove or ID=not_covered, by the id that Coop shows for the action."
                raise BadSetting(f"coop_actions names {action!r}, which says nothing.", advice=advice)
        for person in self.coop_people:
            address, _, name = person.partition("=")
            if not is_mailbox(address) or not name.strip():
                raise BadSetting(f"coop_people names {person!r}.", advice="Write each as ada@forum.example=Ada.")

    @property
    def publishes_figures(self) -> bool:
        """Whether anyone may read what was done with notices, in numbers."""
        return self.transparency_page == ON

    @property
    def sends_mail(self) -> bool:
        """Whether people can be told by mail that there is news."""
        return bool(self.mail_server)

    @property
    def alert_routes(self) -> tuple[str, ...]:
        """Every way to tell the desk what is due: addresses of `alert_webhooks`, and `mailto:` with those of mail."""
        return (*self.alert_webhooks, *(f"mailto:{address}" for address in self.alert_mail))

    @property
    def address(self) -> str:
        """Where browsers reach this service."""
        return self.public_address or f"http://{self.host}:{self.port}"

    @property
    def master_key_path(self) -> Path:
        """Where the master key lies: the setting, the systemd credential, or the user's own configuration."""
        if self.master_key_file:
            return Path(self.master_key_file).expanduser()
        credential = self.credential_path
        if credential is not None and credential.exists():
            return credential
        config = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
        return Path(config).expanduser() / "takeback" / "master.key"

    @property
    def credential_path(self) -> Path | None:
        """Where systemd hands the master key over (`LoadCredential=takeback-master-key:…`), if it does."""
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        return Path(folder) / "takeback-master-key" if folder else None

    @property
    def journal_path(self) -> Path:
        """Where withdrawals are written down a second time."""
        return Path(self.journal_file).expanduser() if self.journal_file else self.data / "withdrawals.journal"


def load_settings(overrides: Mapping[str, object], environ: Mapping[str, str]) -> Settings:
    """
    Return the settings in force; `BadSetting` names one that is unknown or cannot be read.

    `overrides` come from the command line; None among them means "not given".
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    from_environ = {
        setting.name: environ[PREFIX + setting.name.upper()]
        for setting in fields(Settings)
        if PREFIX + setting.name.upper() in environ
    }
    data = Path(str(given.get("data") or from_environ.get("data") or "data"))
    values: dict[str, object] = {**_from_file(data / FILE_NAME), **from_environ, **given, "data": data}
    return Settings(**{name: _converted(name, value) for name, value in values.items()})  # type: ignore[arg-type]


def _from_file(path: Path) -> dict[str, object]:
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise BadSetting(f"The settings file {path} cannot be read: {problem}.") from problem
    known = {setting.name for setting in fields(Settings)} - {"data"}
    for name in values:
        if name not in known:
            raise BadSetting(f"{path} names a setting that there is not: {name}.")
    return values


def _converted(name: str, value: object) -> object:
    default = next(setting.default for setting in fields(Settings) if setting.name == name)
    try:
        if isinstance(default, Path):
            return Path(str(value)).expanduser()
        if isinstance(default, tuple):
            parts = value.split(",") if isinstance(value, str) else list(value)  # type: ignore[call-overload]
            return tuple(str(part).strip() for part in parts if str(part).strip())
        if isinstance(default, int):
            return int(str(value))
        if isinstance(default, float):
            return float(str(value))
        return str(value)
    except (TypeError, ValueError) as problem:
        raise BadSetting(f"The setting {name} cannot be {value!r}.") from problem
