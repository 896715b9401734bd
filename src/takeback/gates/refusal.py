"""What whoever sent a refused upload is told, where a protocol has room for it: why, and where to object."""

from __future__ import annotations

from takeback.config import Settings
from takeback.gates.icap_message import Head
from takeback.gates.screener import Answer, Told
from takeback.service.pages.refused import contest_at, more_at, refusal_page, refusal_text
from takeback.service.pages.words import words_for


class Refusal:
    """The texts, in the language that a browser asks for; never how like two pictures are."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def as_page(self, told: Told, accept_language: str) -> str:
        """Return a page that stands alone."""
        return refusal_page(
            words_for(None, accept_language),
            self._settings,
            is_decided=told.answer is Answer.REFUSE,
            contest=contest_at(self._settings, told.contest_code),
        )

    def as_object(self, told: Told, accept_language: str) -> dict[str, str]:
        """
        Return the form in which Mastodon and others tell their clients of an error.

        `more` leads to the page, `contest_url` to where this refusal is contested.
        """
        is_decided = told.answer is Answer.REFUSE
        links = {"more": more_at(self._settings), "contest_url": contest_at(self._settings, told.contest_code)}
        error = refusal_text(words_for(None, accept_language), is_decided=is_decided)
        return {"error": error} | ({name: url for name, url in links.items() if url} if is_decided else {})

    def as_http(self, told: Told, request: Head | None) -> tuple[bytes, bytes]:
        """Return the head of an HTTP response and the page in it."""
        page = self.as_page(told, "" if request is None else request.fields.get("accept-language", "")).encode()
        head = (
            "HTTP/1.1 403 Forbidden\r\nContent-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n"
            f"Content-Security-Policy: default-src 'none'\r\nContent-Length: {len(page)}\r\n\r\n"
        )
        return head.encode(), page
