"""`/`: the form for a notice. It is answered here only where no script runs; else it goes to `/api/v1/notices`."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from takeback.assembly import Parts
from takeback.cases import Contact, LawPack, Notice, Role, clocks_of, law_pack, missing_fields
from takeback.cases.link import names_a_place
from takeback.cases.mailbox import read_mailbox
from takeback.cases.notice import MAX_FINGERPRINTS, MAX_LINKS, MAX_ORIGINALS, is_valid, nearest_law
from takeback.errors import MalformedAddress
from takeback.fingerprint.in_browser import PageModel
from takeback.service.auth import ServiceParts
from takeback.service.notices import require_mail
from takeback.service.pages.answer import PageRoute, PageVisitor, SentForm, as_data, page, words_of
from takeback.service.pages.helplines import by_country, read_on
from takeback.service.pages.instances import TICK, forwarded_to, names_of, offered
from takeback.service.pages.letters import letters
from takeback.service.pages.words import Words
from takeback.workflow.desk_keys import keys_of_the_desk
from takeback.workflow.intake import Received, is_only_elsewhere, links_elsewhere, receive_notice
from takeback.workflow.news import choose_news_with_notice

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_TEXTS = ("under_18", "role", "authority", "links", "statement", "email", "phone", "name", "news", "signature")
_TICKS = ("intimate", "not_consensual", "good_faith", "mailbox")
FORM_ORDER = (
    "role", "location", "intimate", "not_consensual", "statement", "good_faith", "contact", "email", "name",
    "signature",
)  # fmt: skip
"""Every field of a law in the order in which the form asks for it."""

type Given = Mapping[str, str]


@router.get("/")
def form(request: Request, parts: ServiceParts) -> Response:
    """Show the empty form."""
    return _form_page(words_of(request), parts, {})


@router.post("/")
async def answer(request: Request, parts: ServiceParts, visitor: PageVisitor, sent: SentForm) -> Response:
    """Show what will be sent; then take it in, and show the receipt."""
    words = words_of(request, sent)
    ticked = [name for name in sent if name.startswith(TICK)]
    given = {name: sent[name].strip() for name in (*_TEXTS, *_TICKS, *ticked, "key") if sent.get(name, "").strip()}
    packs = [law_pack(law) for law in parts.settings.laws]
    notice = notice_of(given)
    problems = [*_problems(words, given, notice, packs), *_problems_of_news(words, given)]
    if problems or sent.get("step") == "change":
        return await run_in_threadpool(_form_page, words, parts, given, problems)
    if sent.get("step") != "send":
        return await run_in_threadpool(_review_page, words, parts, given, notice, packs)
    visitor.crowd.admit_notice(visitor)
    if "news" in given:
        require_mail(parts)
    received = await run_in_threadpool(
        receive_notice, parts.store, parts.replica, notice,
        default_laws=parts.settings.laws, request=given.get("key"),
        source=visitor.source(parts.settings.holds_per_source), at=parts.now(),
    )  # fmt: skip
    if "news" in given:
        await run_in_threadpool(
            choose_news_with_notice,
            parts.store,
            parts.journal,
            received.case,
            given["news"],
            words.code,
            at=parts.now(),
        )
    links = await run_in_threadpool(links_elsewhere, parts.store, received.case)
    written = letters(words, links, packs)
    only_elsewhere = await run_in_threadpool(is_only_elsewhere, parts.store, received.case)
    receipt = {**_receipt(words, received), "only_elsewhere": only_elsewhere, "news": "news" in given}
    return page(
        words, "received.html", forget=True, receipt=receipt, letters=written, sends_mail=parts.settings.sends_mail
    )


def notice_of(given: Given) -> Notice:
    """Return the notice that the form's fields make. It has links and no pictures: those take a script."""
    is_me, is_child = given.get("role") == Role.ME, given.get("under_18") == "yes"
    return Notice(
        laws=(),
        links=tuple(given.get("links", "").split()),
        role=Role(given["role"]) if given.get("role") in list(Role) else None,
        authority="" if is_me else given.get("authority", ""),
        statement=given.get("statement", ""),
        signature=given.get("signature", ""),
        intimate="intimate" in given,
        not_consensual="not_consensual" in given,
        good_faith="good_faith" in given,
        contact=Contact(given.get("name", ""), given.get("email", ""), given.get("phone", ""), "mailbox" in given),
        under_18=is_child,
        forward_to=() if is_child else forwarded_to(given),
    )


def _problems(words: Words, given: Given, notice: Notice, packs: list[LawPack]) -> list[str]:
    """Return what has to be answered first: the age, and what the law that lacks least still lacks."""
    others = [word for word in notice.links if not names_a_place(word)]
    problems = [] if given.get("under_18") in ("yes", "no") else [words("age.legend")]
    if others:
        problems.append(words("what.not_links", words=" ".join(others)))
    if len(notice.links) > MAX_LINKS:
        problems.append(words("what.too_many_links", most=MAX_LINKS))
    if not is_valid(notice, packs):
        lacking = {each.field for each in missing_fields(notice, [nearest_law(notice, packs)])}
        problems += [words(f"fields.{name}") for name in FORM_ORDER if name in lacking]
    return problems


def _problems_of_news(words: Words, given: Given) -> list[str]:
    if "news" in given:
        try:
            read_mailbox(given["news"])
        except MalformedAddress:
            return [words("problem.codes.malformed-address")]
    return []


def _form_page(words: Words, parts: Parts, given: Given, problems: list[str] | None = None) -> Response:
    return page(
        words,
        "notice.html",
        language_links="/",
        given=given,
        problems=problems or [],
        receipt=None,
        letters=[],
        sends_mail=parts.settings.sends_mail,
        instances=offered(parts),
        helplines_adults=by_country(words, ("danger", "adults", "distress")),
        helplines_children=by_country(words, ("danger", "children")),
        helplines_read=words("helplines.read", date=read_on(words)),
        model_megabytes=_megabytes(parts.page_model),
        page_data=as_data(_page_data(words, parts)),
    )


def _page_data(words: Words, parts: Parts) -> dict[str, object]:
    """Return what the script needs: its texts, and what each law asks for."""
    packs = [law_pack(law) for law in parts.settings.laws]
    return {
        "language": words.code,
        "laws": [{"name": pack.name, "citation": pack.citation, "fields": dict(pack.fields)} for pack in packs],
        "deskKeys": [asdict(key) for key in keys_of_the_desk(parts.store)],
        "mostPictures": MAX_FINGERPRINTS,
        "mostOriginals": MAX_ORIGINALS,
        "mostLinks": MAX_LINKS,
        "tooManyLinks": words("what.too_many_links", most=MAX_LINKS),
        "notLinks": words("what.not_links", words="{words}"),
        "files": words.under("what"),
        "send": words.under("send"),
        "fields": words.under("fields"),
        "news": words.under("news"),
        "forward": {"review": words("forward.review", names="{names}")},
        "instances": offered(parts),
        "problems": words.under("problem.codes"),
        "questions": {"under_18": words("age.legend")},
        "receipt": words.under("receipt"),
        "letter": words.under("letter"),
        "describing": _describing(words, parts.page_model),
    }


def _describing(words: Words, model: PageModel | None) -> dict[str, object] | None:
    """Return what the script needs where her browser can make descriptors."""
    if model is None:
        return None
    return {"model": model.model_id, "bytes": model.load_bytes, "words": words.under("describe")}


def _megabytes(model: PageModel | None) -> int:
    return 0 if model is None else -(-model.load_bytes // 1_000_000)


def _review_page(words: Words, parts: Parts, given: Given, notice: Notice, packs: list[LawPack]) -> Response:
    shown = [
        (words("who.legend"), words(f"who.{given['role']}") if notice.role else ""),
        (words("who.authority"), notice.authority),
        (words("what.links"), " ".join(notice.links)),
        (words("say.statement"), notice.statement),
        (words("contact.email"), notice.contact.email),
        (words("contact.phone"), notice.contact.phone),
        (words("contact.name"), notice.contact.name),
        (words("news.heading"), given.get("news", "")),
        (words("forward.heading"), words.listed(names_of(parts, notice.forward_to))),
        (words("sign.signature"), notice.signature),
    ]
    said = [(words("say.heading"), words(f"say.{name}")) for name in _TICKS[:3] if name in given]
    mailbox = [(words("contact.heading"), words("contact.mailbox"))] if notice.contact.mailbox else []
    age = [(words("age.legend"), words(f"age.{given['under_18']}"))]
    rows = [(label, value) for label, value in (*age, *shown, *said, *mailbox) if value]
    # A second press, or a page that is loaded again, makes no second case.
    fields = {"language": words.code, "key": secrets.token_hex(16), **given}
    return page(words, "review.html", given=fields, shown=rows, laws=_law_lines(words, notice, packs))


def _law_lines(words: Words, notice: Notice, packs: list[LawPack]) -> list[str]:
    lacking = {pack.name: [each.field for each in missing_fields(notice, [pack])] for pack in packs}
    complete = [name for name, missing in lacking.items() if not missing]
    lines = [words("send.valid", laws=words.listed(complete))]
    for name, missing in lacking.items():
        if missing:
            fields = words.listed([words(f"fields.{field}") for field in missing])
            lines.append(f"{words('send.lacking', law=name, fields=fields)} {words('send.still')}")
    return lines


def _receipt(words: Words, received: Received) -> dict[str, object]:
    case = received.case
    clocks = clocks_of(case.received_at, case.valid_at, [law_pack(law) for law in case.laws])
    return {
        "words": received.receipt,
        "ending": received.ending,
        "received": words("receipt.received", moment=words.moment(case.received_at)),
        "due": words("receipt.due", moment=words.moment(clocks.deadline_at)),
        "unjudged": bool(received.unjudged),
        "capped": case.capped_at is not None,
    }
