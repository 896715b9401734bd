"""An address that a person gives for mail, read as she may type it."""

from __future__ import annotations

from takeback.config import is_mailbox
from takeback.errors import MalformedAddress


def read_mailbox(text: str) -> str:
    """
    Return the address in the one form in which mail is sent to it; `MalformedAddress` where it is none.

    A domain in letters beyond ASCII is written as DNS does (IDNA); what stands before the @ stays as it is. The error
    never quotes it.
    """
    local, _, domain = text.strip().removeprefix("mailto:").rpartition("@")
    try:
        address = f"{local}@{domain.encode('idna').decode('ascii').lower()}"
    except UnicodeError:
        address = ""
    if not is_mailbox(address):
        raise MalformedAddress("This is no address that mail can be sent to.")
    return address
