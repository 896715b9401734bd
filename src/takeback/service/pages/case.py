"""`/case`: what the receipt opens. Plain forms that carry the receipt along: no session, no cookie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from takeback.assembly import Parts
from takeback.cases import CaseState, Notice, law_pack
from takeback.cases.notice import MAX_FINGERPRINTS
from takeback.cases.receipt import is_number
from takeback.cases.statement import element_text
from takeback.errors import NotAllowed, NotFound
from takeback.service.auth import ServiceParts
from takeback.service.bundles import zip_answer
from takeback.service.notices import require_mail
from takeback.service.pages.answer import PageRoute, PageVisitor, SentForm, as_data, page, words_of
from takeback.service.pages.authorities import complaints, search_engines
from takeback.service.pages.instances import forwarded_to, offered
from takeback.service.pages.letters import letters
from takeback.service.pages.proof_folder import proof_folder
from takeback.service.pages.words import Words
from takeback.service.standing import Contested, ForwardedToOut, HearingOut, StandingOut, standing_of
from takeback.store import Store
from takeback.store.cases import Case
from takeback.workflow.addition import EXTENDABLE, add_to_notice
from takeback.workflow.bundle import Maker, bundle_for_person
from takeback.workflow.desk_keys import keys_of_the_desk
from takeback.workflow.erasure import ask_for_erasure, cancel_erasure
from takeback.workflow.forwarding import Forwarded, choose_later
from takeback.workflow.hearing import answer_hearing
from takeback.workflow.intake import is_only_elsewhere, links_elsewhere
from takeback.workflow.messages import write_to_desk
from takeback.workflow.news import choose_news, stop_news
from takeback.workflow.order import THE_PERSON
from takeback.workflow.originals import renew_originals
from takeback.workflow.proofs import proofs_of_case
from takeback.workflow.recovery import Recovered, recover, set_recovery
from takeback.workflow.retention import keeps_of_case
from takeback.workflow.withdraw import case_of_ending, case_of_receipt, has_number, withdraw

router = APIRouter(include_in_schema=False, route_class=PageRoute)


_YEAR_DAYS = 366
_ENDS = ("end", "erase", "recovery")
"""Steps that take the number of sixteen digits."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a step left: the case, what opens it from now on, and what is said of the step."""

    case: Case
    receipt: str
    said: str = ""
    renewed: Recovered | None = None


@router.get("/case")
def ask(request: Request) -> Response:
    """Ask for the receipt."""
    return _ask_page(words_of(request))


@router.post("/case")
async def show(request: Request, parts: ServiceParts, visitor: PageVisitor, sent: SentForm) -> Response:
    """Show how the case stands, after doing what was asked for."""
    words, site = words_of(request, sent), request.url.hostname or ""
    step = sent.get("step", "")
    if not sent.get("receipt") and not sent.get("ending") and step != "recover":
        return _ask_page(words)
    crowd = visitor.crowd
    counted = {"recovery": crowd.choosing_a_phrase, "news": crowd.giving_an_address}.get(step, crowd.trying_a_receipt)
    try:
        with counted(visitor):
            done = await run_in_threadpool(_act, parts, step, {**sent, "language": words.code})
    except NotFound:
        return await run_in_threadpool(_not_found, words, parts, step, sent, site)
    if step == "proof":
        proofs = await run_in_threadpool(proofs_of_case, parts.store, done.case)
        if proofs.made:
            return proof_folder(words, proofs)
        done = replace(done, said="proof_waits")
    if step == "bundle":
        maker, at = Maker.of(parts.settings), parts.now()
        made = await run_in_threadpool(bundle_for_person, parts.store, done.case, maker=maker, at=at)
        return zip_answer(made, forget=True)
    # Back from an error: what she wrote is still there.
    given = sent if step == "change" else {}
    return await run_in_threadpool(_case_page, words, parts, done, site, given)


def _act(parts: Parts, step: str, sent: Mapping[str, str]) -> Done:
    """Do what was asked for; `NotFound` where receipt, number or phrase open nothing, or are of two cases."""
    store, at = parts.store, parts.now()
    receipt, ending = sent.get("receipt", ""), sent.get("ending") or sent.get("receipt", "")
    match step:
        case "end" if sent.get("sure") == "yes":
            _require_one_case(store, receipt, ending)
            return Done(withdraw(store, parts.journal, ending, at=at), receipt)
        case "erase" if sent.get("sure") == "yes":
            _require_one_case(store, receipt, ending)
            return Done(ask_for_erasure(store, parts.journal, ending, at=at), receipt)
        case "keep":
            return Done(cancel_erasure(store, parts.journal, receipt, at=at), receipt)
        case "renew":
            return Done(renew_originals(store, receipt, actor=THE_PERSON, at=at), receipt)
        case "write":
            return Done(write_to_desk(store, receipt, sent.get("text", ""), at=at), receipt, "write")
        case "add":
            more = Notice((), links=tuple(sent.get("links", "").split()))
            return Done(add_to_notice(store, parts.replica, receipt, more, at=at).case, receipt, "add")
        case "forward":
            ticked = forwarded_to(sent)
            case = choose_later(store, receipt, ticked, at=at)
            return Done(case, receipt, "forward" if ticked else "")
        case "news":
            require_mail(parts)
            case = choose_news(store, parts.journal, receipt, sent.get("news", ""), sent["language"], at=at)
            return Done(case, receipt, "news")
        case "news_end":
            return Done(stop_news(store, parts.journal, receipt, at=at), receipt, "news_end")
        case "agree" | "disagree":
            said = sent.get("said", "").strip()
            agrees = step == "agree"
            if agrees and sent.get("sure") != "yes":
                return Done(case_of_receipt(store, receipt), receipt, "agree_unsure")
            case = answer_hearing(store, receipt, sent.get("hearing", ""), agrees=agrees, written=said, at=at)
            return Done(case, receipt, step)
        case "recovery":
            _require_one_case(store, receipt or ending, ending)
            case = set_recovery(store, ending, sent.get("name", ""), sent.get("phrase", ""), at=at)
            return Done(case, receipt or ending, "recovery")
        case "recover":
            renewed = recover(store, sent.get("name", ""), sent.get("phrase", ""), at=at)
            return Done(renewed.case, renewed.receipt, "recover", renewed)
        case _:
            # Back from an error on the page of the receipt, which has only the number.
            return Done(case_of_receipt(store, receipt or ending), receipt or ending, sent.get("done", ""))


def _require_one_case(store: Store, receipt: str, ending: str) -> None:
    """Raise `NotFound` where the number ends no case, or another one than is open: nothing else is ended by mistake."""
    opened = case_of_receipt(store, receipt)
    try:
        ended = case_of_ending(store, ending)
    except NotAllowed as problem:
        raise NotFound(problem.message) from problem
    if ended.id != opened.id:
        raise NotFound("This number ends another case.")


def _not_found(words: Words, parts: Parts, step: str, sent: Mapping[str, str], site: str) -> Response:
    """Say which of what was typed opens nothing; where it is the number, the case stays open."""
    receipt = sent.get("receipt", "")
    if step == "recover":
        return _ask_page(words, problem=words("case.lost_unknown"), is_lost=True)
    if step in _ENDS and receipt:
        try:
            done = Done(case_of_receipt(parts.store, receipt), receipt, "ending_wrong")
            return _case_page(words, parts, done, site, {}, is_problem=True)
        except NotFound:
            pass
    return _ask_page(words, problem=words("case.unknown"), typed=receipt)


def _ask_page(words: Words, *, problem: str = "", typed: str = "", is_lost: bool = False) -> Response:
    return page(
        words,
        "case.html",
        status=HTTPStatus.NOT_FOUND if problem else HTTPStatus.OK,
        forget=bool(problem),
        language_links="" if problem else "/case",
        standing=None,
        problem=problem,
        typed=typed,
        is_lost=is_lost,
    )


_SAID = (
    "write", "add", "forward", "news", "news_end", "recovery", "recover", "ending_wrong", "proof_waits", "agree",
    "disagree", "agree_unsure",
)  # fmt: skip
_PROBLEMS = ("ending_wrong", "agree_unsure")


def _case_page(
    words: Words,
    parts: Parts,
    done: Done,
    site: str,
    given: Mapping[str, str],
    *,
    is_problem: bool = False,
) -> Response:
    return page(
        words,
        "case.html",
        forget=True,
        standing=_shown(words, parts, done, site),
        said=words(f"case.said_{done.said}") if done.said in _SAID else "",
        is_problem=is_problem or done.said in _PROBLEMS,
        given=given,
        page_data=as_data(_page_data(words, parts)),
    )


def _page_data(words: Words, parts: Parts) -> dict[str, object]:
    """Return what the script needs: to whom it seals, and its texts."""
    return {
        "deskKeys": [asdict(key) for key in keys_of_the_desk(parts.store)],
        "mostPictures": MAX_FINGERPRINTS,
        "files": words.under("what"),
        "offline": words("send.offline"),
        "failed": words("send.failed", why="{why}"),
        "problems": words.under("problem.codes"),
    }


def _shown(words: Words, parts: Parts, done: Done, site: str) -> dict[str, object]:
    found = done.case
    standing = standing_of(parts, found)
    packs = {law: law_pack(law) for law in found.laws}
    due_at, number = standing.due_from_receipt_at, found.public_id[:8]
    # Only laws under which the notice is complete: under another the site had no duty.
    complete = {law: pack for law, pack in packs.items() if law not in {each.law for each in standing.missing}}
    moments = [("received", found.received_at), ("due", due_at), ("decided", found.decided_at)]
    until, erased_at = standing.originals_until, standing.erased_at
    return {
        "receipt": done.receipt,
        "renewed": done.renewed,
        "ends": is_number(done.receipt) or not has_number(parts.store, found),
        "number": words("case.number", number=number),
        "state": standing.state,
        "only_elsewhere": is_only_elsewhere(parts.store, found),
        "moments": [(label, words.moment(moment)) for label, moment in moments if moment is not None],
        "counts": [] if standing.copies is None else list(standing.copies.model_dump().items()),
        "messages": [
            (words(f"case.wrote_{each.sender.value}", moment=words.moment(each.at)), each.text)
            for each in standing.messages
        ],
        "hearings": [_hearing(words, each) for each in standing.hearings],
        "forwarded": [_forwarded(words, each) for each in standing.forwarded],
        "instances": _not_asked(parts, found, standing),
        "takes_more": found.state in EXTENDABLE,
        "news": standing.news,
        "takes_news": parts.settings.sends_mail and found.closed_at is None,
        "takes_pictures": not found.under_18,
        "missing": [
            words(
                "case.missing_line",
                field=words(f"fields.{each.field}"),
                law=packs[each.law].name,
                section=each.section,
            )
            for each in standing.missing
        ],
        "letters": letters(words, links_elsewhere(parts.store, found), list(packs.values())),
        "complaints": complaints(
            words, complete, site=site, number=number, received_at=found.received_at, due_at=due_at
        ),
        "search_engines": search_engines(),
        "originals": "" if until is None else words("case.originals", moment=words.moment(until)),
        "erasing": _erasing(words, found, standing.kept_until, parts.now()),
        "record_years": _record_years(found),
        "erased": "" if erased_at is None else words("case.erased", moment=words.moment(erased_at)),
    }


def _forwarded(words: Words, each: ForwardedToOut) -> tuple[str, str]:
    """Return how it stands with one instance that she asked, and what is said of it."""
    at = each.confirmed_at if each.state is Forwarded.ENDED else each.answered_at
    moment = "" if at is None else words.moment(at)
    counts = {"removed": each.removed, "held": each.held, "kept": each.kept}
    said = "ended_removed" if each.state is Forwarded.ENDED and each.removed else each.state.value
    return each.state.value, words(f"forward.{said}", name=each.name, moment=moment, **counts)


def _not_asked(parts: Parts, found: Case, standing: StandingOut) -> list[dict[str, str]]:
    """Return the instances that she can still ask: none where it is at its end, or about someone under 18."""
    if found.state not in (*EXTENDABLE, CaseState.INCOMPLETE) or found.under_18 or found.erased_at is not None:
        return []
    asked = {each.name for each in standing.forwarded}
    return [each for each in offered(parts) if each["name"] not in asked]


def _hearing(words: Words, each: HearingOut) -> dict[str, object]:
    """Return what she is told of one hearing, and what she can still say."""
    elements = [
        words(
            "case.element",
            law=law_pack(failed.law).name,
            section=failed.section,
            text=element_text(words.code, failed.element),
        )
        for failed in each.elements
    ]
    about = each.about.value if each.of is Contested.COPIES else each.of.value
    said = None if each.agrees is None else "agreed" if each.agrees else "disagreed"
    upheld = None if each.upheld is None else "upheld" if each.upheld else "overturned"
    due = "" if each.due_at is None else words("case.hearing_due", moment=words.moment(each.due_at))
    return {
        "id": each.id,
        "about": each.about.value,
        "summary": each.summary,
        "reason": each.reason,
        "elements": elements,
        "until": words(f"case.hearing_until_{about}", moment=words.moment(each.until_at)),
        "due": due,
        "said": "" if said is None else words(f"case.hearing_{said}_{about}"),
        "decided": "" if upheld is None else words(f"case.hearing_{upheld}_{about}"),
        "texts": {
            name: words(f"case.hearing_{name}_{about}") for name in ("summary", "disagree", "agree_open", "agree_sure")
        },
        "can_answer": each.can_answer,
    }


def _record_years(found: Case) -> int:
    """Return how many years the record lasts that outlives an erasure, counted up."""
    return -(-keeps_of_case(found).compliance_record.days // _YEAR_DAYS)


def _erasing(words: Words, found: Case, kept_until: datetime | None, now: datetime) -> str:
    if found.erase_at is None:
        return ""
    if kept_until is not None and kept_until > found.erase_at:
        return words("case.erasing_kept", moment=words.moment(kept_until))
    if found.erase_at <= now:
        return words("case.erasing_waits")
    return words("case.erasing", moment=words.moment(found.erase_at))
