"""What the mails say, in the languages of the pages."""

from __future__ import annotations

from takeback.service.pages.words import words_for
from takeback.workflow.news_mail import Letter


class MailTexts:
    """See `takeback.workflow.news_mail.NewsTexts`."""

    def question(self, language: str, *, page: str) -> Letter:
        """See `NewsTexts.question`."""
        words = words_for(language, "")
        return Letter(words("mail.question_subject"), words("mail.question_body", page=_in(language, page)))

    def news(self, language: str, *, page: str, stop: str) -> Letter:
        """See `NewsTexts.news`."""
        words = words_for(language, "")
        body = words("mail.news_body", page=_in(language, page), stop=_in(language, stop))
        return Letter(words("mail.news_subject"), body)


def _in(language: str, page: str) -> str:
    return f"{page}?language={words_for(language, '').code}"
