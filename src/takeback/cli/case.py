"""`takeback case`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

import typer

from takeback.cases import CaseState
from takeback.cases.sealed import DeskKey, SealedWords, identities_in, open_words, seal_again
from takeback.cli.bundle_files import with_opened, write_bundle
from takeback.cli.case_bytes import bytes_
from takeback.cli.case_legal import countersign, preserve, release, retention, uploads
from takeback.cli.case_text import due, write_case
from takeback.cli.exit_code import ExitCode
from takeback.cli.lazy import PlainCommand, PlainGroup, new_app
from takeback.cli.moments import in_words, read_moment
from takeback.cli.options import AsJson, example
from takeback.cli.server import DEFAULT_SERVER, KeyFile, Server, ServerUrl
from takeback.cli.terminal import Terminal
from takeback.errors import IllegalTransition, InputError, SealBroken

Outcome = Literal["removed", "refused"]
Confirm = Literal["none", "blind", "all", "named"]
# The words of `takeback.workflow.decide`, which would load the whole store with it.

_MOST_CASES = 1_000
"""That the service names at once."""

Identity = Annotated[
    Path | None,
    typer.Option(
        "--identity",
        envvar="TAKEBACK_IDENTITY",
        metavar="FILE",
        help="File with your key of the desk (AGE-SECRET-KEY-1…), as `takeback desk add` or `age-keygen` writes it.",
        show_envvar=True,
    ),
]

Elements = Annotated[
    list[str] | None,
    typer.Option(
        "--element",
        metavar="NAME",
        help="What the laws ask for and is not met: intimate, person, consent, likeness, unlawful or same_picture; "
        "repeatable, one at least for each law of the case.",
    ),
]

CaseId = Annotated[str, typer.Argument(metavar="CASE", help="The case's id, as `takeback case list` shows it.")]

app = new_app(
    cls=PlainGroup,
    help="Read and decide cases on a running Takeback.\n\nA key of role moderator is needed.",
    epilog=example("TAKEBACK_KEY=… takeback case list --state held"),
)


@app.command("list", cls=PlainCommand, epilog=example("takeback case list --state held --key-file ~/moderator.key"))
def list_(
    states: Annotated[
        list[CaseState] | None, typer.Option("--state", metavar="STATE", help="Only cases in this state; repeatable.")
    ] = None,
    second: Annotated[
        bool, typer.Option("--second", help="Only cases that wait for a second person, who may be you.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1_000, metavar="N", help="At most this many.")] = 100,
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """
    List cases: those that are not hidden yet for want of a person at the top, then the ones due first.

    A decided case is due again where she added something; `new` counts messages of hers that nobody opened.
    """
    terminal = Terminal(as_json)
    waits = [("waits", "second")] if second else []
    query = urlencode([("limit", limit), *waits, *(("state", state.value) for state in states or ())])
    cases = Server.with_key(server, key_file).get(f"/api/v1/cases?{query}")
    if as_json:
        terminal.json(cases)
    elif not cases:
        terminal.say("There is no such case.")
    else:
        rows = [
            (case["id"], "capped" if case["capped"] else case["state"], *due(case), case["unopened"] or "")
            for case in cases
        ]
        terminal.table(("case", "state", "decide by", "left", "new"), rows)


@app.command("show", cls=PlainCommand, epilog=example("takeback case show 3f2a…09 --key-file ~/moderator.key"))
def show(
    case_id: CaseId,
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Show one case with its copies and what was asked of the site. Her words and name are not in it."""
    terminal = Terminal(as_json)
    case = Server.with_key(server, key_file).get(f"/api/v1/cases/{quote(case_id, safe='')}")
    write_case(terminal, case)


@app.command(
    "decide",
    cls=PlainCommand,
    epilog=example(
        "takeback case decide 3f2a…09 removed --covered --reason 'no consent' \\",
        "    --confirm blind --key-file ~/moderator.key",
        "takeback case decide 3f2a…09 refused --element intimate \\",
        "    --reason 'a landscape'",
    ),
)
def decide(
    case_id: CaseId,
    outcome: Annotated[Outcome, typer.Argument(metavar="OUTCOME", help="removed or refused.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; both sides are given it.")],
    covered: Annotated[
        bool,
        typer.Option(
            "--covered",
            help="Your finding: what is shown appears intimate, or forged, and covered by a law that the notice "
            "names. A removal needs it.",
        ),
    ] = False,
    confirm: Annotated[
        Confirm,
        typer.Option(
            "--confirm",
            metavar="none|blind|all|named",
            help="Which copies that are only substantially the same are decided too: none, those at most 10 bits "
            "away (blind), or all, each of which you compared; named: what --copy names and no other copy at all.",
        ),
    ] = "none",
    copies: Annotated[
        list[str] | None, typer.Option("--copy", metavar="ID", help="A copy decided by itself; repeatable.")
    ] = None,
    elements: Elements = None,
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """
    Decide a held case: remove, or refuse.

    A refusal names an --element and puts nothing back yet: she can ask for a second person, who reads it in any case.
    """
    terminal = Terminal(as_json)
    body = {
        "outcome": outcome,
        "appears_covered": covered,
        "reason": reason,
        "elements": list(elements or ()),
        "confirm": confirm,
        "copies": list(copies or ()),
    }
    path = f"/api/v1/cases/{quote(case_id, safe='')}/decision"
    write_case(terminal, Server.with_key(server, key_file).post(path, body))


@app.command("hold", cls=PlainCommand, epilog=example("takeback case hold 3f2a…09 --key-file ~/moderator.key"))
def hold(
    case_id: CaseId,
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """
    Hide what a capped case is about: so many notices came from its source that nothing of it is hidden yet.

    Read it first; what is hidden so waits for a decision as any other.
    """
    path = f"/api/v1/cases/{quote(case_id, safe='')}/hold"
    write_case(Terminal(as_json), Server.with_key(server, key_file).post(path, {}))


@app.command(
    "confirm",
    cls=PlainCommand,
    epilog=example(
        "takeback case confirm 3f2a…09 removed --covered --reason 'same picture' \\",
        "    --copy 81c0…aa --key-file ~/moderator.key",
    ),
)
def confirm(
    case_id: CaseId,
    outcome: Annotated[Outcome, typer.Argument(metavar="OUTCOME", help="removed or refused.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; both sides are given it.")],
    copies: Annotated[list[str], typer.Option("--copy", metavar="ID", help="A copy to settle; repeatable.")],
    covered: Annotated[bool, typer.Option("--covered", help="Your finding, as for `decide`.")] = False,
    elements: Elements = None,
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Settle copies, one by one, that are still held, or only possible, in a case that is decided."""
    terminal = Terminal(as_json)
    said = {"outcome": outcome, "appears_covered": covered, "reason": reason}
    body = {**said, "elements": list(elements or ()), "copies": copies}
    path = f"/api/v1/cases/{quote(case_id, safe='')}/confirmation"
    write_case(terminal, Server.with_key(server, key_file).post(path, body))


@app.command(
    "hear",
    cls=PlainCommand,
    epilog=example("takeback case hear 3f2a…09 --summary 'It is said to be drawn.'"),
)
def hear(
    case_id: CaseId,
    summary: Annotated[
        str,
        typer.Option(
            "--summary", metavar="TEXT", help="What speaks against the removal, in your words; never who says it."
        ),
    ],
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """
    Tell her in substance why a removal is contested: she has time to answer before anything is put back.

    What the other side wrote is in `words`. Passing it on again takes the place of what was told, and time begins anew.
    """
    path = f"/api/v1/cases/{quote(case_id, safe='')}/hearing"
    write_case(Terminal(as_json), Server.with_key(server, key_file).post(path, {"summary": summary}))


@app.command(
    "answer",
    cls=PlainCommand,
    epilog=example("takeback case answer 3f2a…09 --put-back --element intimate \\", "    --reason 'a drawing'"),
)
def answer(
    case_id: CaseId,
    put_back: Annotated[
        bool, typer.Option("--put-back/--uphold", help="Show the contested copies again, or leave them removed.")
    ],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; both sides are given it.")],
    elements: Elements = None,
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """
    Answer the contests of a case, with another key than the one that decided it.

    A put-back comes after she was heard (`hear`), and names an --element, unless she agreed.
    """
    body = {"put_back": put_back, "reason": reason, "elements": list(elements or ())}
    path = f"/api/v1/cases/{quote(case_id, safe='')}/answer"
    write_case(Terminal(as_json), Server.with_key(server, key_file).post(path, body))


@app.command(
    "reread",
    cls=PlainCommand,
    epilog=example("takeback case reread 3f2a…09 --uphold --element intimate \\", "    --reason 'a landscape'"),
)
def reread(
    case_id: CaseId,
    upheld: Annotated[
        bool, typer.Option("--uphold/--overturn", help="The refusal stands, or the case is to be decided anew.")
    ],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; both sides are given it.")],
    elements: Elements = None,
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """
    Read a refusal again, with another key than the one that refused: once she asked, or her time to ask is over.

    Upheld, what it held is shown again; overturned, it stays hidden and is decided anew, by someone else.
    """
    body = {"upheld": upheld, "reason": reason, "elements": list(elements or ())}
    path = f"/api/v1/cases/{quote(case_id, safe='')}/reading"
    write_case(Terminal(as_json), Server.with_key(server, key_file).post(path, body))


@app.command("recuse", cls=PlainCommand, epilog=example("takeback case recuse 3f2a…09 --key-file ~/moderator.key"))
def recuse(
    case_id: CaseId,
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Keep out of a case, for good: you are party to it, or close to someone who is."""
    terminal = Terminal(as_json)
    Server.with_key(server, key_file).post(f"/api/v1/cases/{quote(case_id, safe='')}/recusal", {})
    if as_json:
        terminal.json({"case": case_id, "recused": True})
    else:
        terminal.line("With this key nothing of the case is decided or opened any more.")


app.command(
    "preserve",
    cls=PlainCommand,
    epilog=example(
        "takeback case preserve 3f2a…09 --authority 'Police, 12/26' \\",
        "    --scope 'All messages' --until 2027-01-31",
    ),
)(preserve)
app.command("countersign", cls=PlainCommand, epilog=example("takeback case countersign 3f2a…09 81c0…aa"))(countersign)
app.command("release", cls=PlainCommand, epilog=example("takeback case release 3f2a…09 81c0…aa"))(release)
app.command(
    "uploads",
    cls=PlainCommand,
    epilog=example(
        "takeback case uploads 3f2a…09 --reason 'Police, 12/26'", "takeback case uploads 3f2a…09 --open 81c0…aa"
    ),
)(uploads)
app.command("bytes", cls=PlainCommand, epilog=example("takeback case bytes 3f2a…09 81c0…aa again"))(bytes_)
app.command("retention", cls=PlainCommand, epilog=example("takeback case retention --limit 20"))(retention)


@app.command("statements", cls=PlainCommand, epilog=example("takeback case statements 3f2a…09 --language de"))
def statements(
    case_id: CaseId,
    language: Annotated[str, typer.Option("--language", metavar="CODE", help="Language of the text.")] = "en",
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Show the reasons that whoever posted each copy was given."""
    terminal = Terminal(as_json)
    found = Server.with_key(server, key_file).get(f"/api/v1/cases/{quote(case_id, safe='')}/statements")
    if as_json:
        terminal.json(found)
        return
    for each in found:
        text = each["statement"]["text"]
        if language not in text:
            raise InputError("There is no statement in this language.", advice=f"There are: {', '.join(text)}.")
        terminal.line(f"copy {each['copy_id']}")
        terminal.line(text[language])
        terminal.line()


@app.command("capture", cls=PlainCommand, epilog=example("takeback case capture 3f2a…09 --key-file ~/moderator.key"))
def capture(
    case_id: CaseId,
    copies: Annotated[
        list[str] | None, typer.Option("--copy", metavar="ID", help="Only the page of this copy; repeatable.")
    ] = None,
    status: Annotated[bool, typer.Option("--status", help="Ask for nothing; show what is kept.")] = False,
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """
    Keep the pages of a case for evidence: their words, and of each picture its digest, size and address.

    Pages of the operator's own sites alone are fetched. They go into the full evidence bundle, and are erased with the
    case.
    """
    terminal = Terminal(as_json)
    takeback, path = Server.with_key(server, key_file), f"/api/v1/cases/{quote(case_id, safe='')}/captures"
    found = takeback.get(path) if status else takeback.post(path, {"copies": list(copies or ())})
    if as_json:
        terminal.json(found)
        return
    for each in found:
        at = in_words(read_moment(each["captured_at"])) if each["captured_at"] else "waits" if each["waiting"] else "–"
        terminal.line(f"copy {each['copy']}  {at}{'' if each['problem'] is None else ': ' + each['problem']}")


@app.command(
    "bundle",
    cls=PlainCommand,
    epilog=example(
        "takeback case bundle 3f2a…09 record.zip \\",
        "    --why 'her lawyer asked, she agrees' --key-file ~/moderator.key",
    ),
)
def bundle(
    case_id: CaseId,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Where the ZIP goes; it may not be there yet.")],
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="Who asked for it, and on what ground; no names.")],
    copy: Annotated[
        str,
        typer.Option("--copy", metavar="ID", help="Make the version for whoever posted this copy, without the notice."),
    ] = "",
    identity: Identity = None,
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """
    Make an evidence bundle of a case for a lawyer, the police or a court, without the picture.

    It is logged with the key and with why. Words that are sealed to the desk go in sealed, and with --identity opened
    besides. With --copy it says nothing of who gave notice.
    """
    terminal = Terminal(as_json)
    identities = [] if identity is None else _identities(identity)
    body = {"why": why, "version": "uploader" if copy else "full", "copy": copy}
    made = Server.with_key(server, key_file).file(f"/api/v1/cases/{quote(case_id, safe='')}/bundle", body)
    content, opened = with_opened(made, identities) if identities else (made, 0)
    write_bundle(path, content)
    if as_json:
        terminal.json({"file": str(path), "bytes": len(content), "opened": opened})
        return
    terminal.line(str(path))
    terminal.say("`takeback verify` checks it, as does verify.py inside it, without Takeback.")
    if not copy:
        terminal.say("It holds what she wrote: keep it from whoever posted the picture.")


@app.command(
    "words",
    cls=PlainCommand,
    epilog=example("takeback case words 3f2a…09 --identity ~/ada.age --key-file ~/moderator.key"),
)
def words(
    case_id: CaseId,
    identity: Identity = None,
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """
    Open what she wrote and how to reach her. Each opening is logged with the key that opened.

    Where it is sealed to the desk, it is opened here, with --identity; the service cannot.
    """
    terminal = Terminal(as_json)
    takeback, path = Server.with_key(server, key_file), f"/api/v1/cases/{quote(case_id, safe='')}"
    identities = [] if identity is None else _identities(identity)
    if takeback.get(path)["sealed_to"] is not None and not identities:
        raise InputError("Her words are sealed to the people of the desk.", advice="Name your key with --identity.")
    answer = takeback.post(f"{path}/words", {})
    opened = _opened(terminal, answer, identities)
    opened["messages"] = [_opened(terminal, each, identities) for each in answer["messages"]]
    is_closed = "closed" in opened
    if as_json:
        terminal.json(opened)
    else:
        _write_words(terminal, opened)
    if is_closed:
        raise typer.Exit(ExitCode.NO)


def _write_words(terminal: Terminal, opened: dict[str, Any]) -> None:
    names = ("contact", "contests", "refused_uploads", "messages")
    contact, contests, uploads, messages = (opened.pop(name, None) for name in names)
    opened.pop("closed", None)
    reach = contact if isinstance(contact, dict) else {}
    for name, value in {**opened, **{f"contact {name}": value for name, value in reach.items()}}.items():
        if value not in ("", None):
            terminal.line(f"{name.replace('_', ' '):<16} {value}")
    for message in messages or ():
        who = "the desk" if message["sender"] == "desk" else "she"
        terminal.line(f"{in_words(read_moment(message['at'])):<16} {who} wrote: {message.get('text', '(closed)')}")
    for contest in contests or ():
        terminal.line(f"{'contest':<16} copy {contest['copy']}: {contest['grounds']}")
    for upload in uploads or ():
        terminal.line(f"{'contest':<16} refused upload {upload['upload']}: {upload['grounds']}")


@app.command(
    "write",
    cls=PlainCommand,
    epilog=example("takeback case write 3f2a…09 --text 'Which link is it?' --key-file ~/mod.key"),
)
def write(
    case_id: CaseId,
    text: Annotated[str, typer.Option("--text", metavar="TEXT", help="What she reads with her receipt.")],
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Write to her: she reads it with her receipt, and can answer."""
    terminal = Terminal(as_json)
    Server.with_key(server, key_file).post(f"/api/v1/cases/{quote(case_id, safe='')}/message", {"text": text})
    if as_json:
        terminal.json({"case": case_id, "written": True})
    else:
        terminal.line("She finds it when she looks how her case stands.")


@app.command(
    "reseal",
    cls=PlainCommand,
    epilog=example("takeback case reseal --identity ~/ada.age --key-file ~/moderator.key"),
)
def reseal(
    identity: Identity = None,
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """
    Seal the words of every case to the present desk, after a key was added or retired.

    They are opened here, with --identity, and sealed again to everyone who has a key now. The service sees that they
    are the same, and never what they are. Each opening is logged.
    """
    terminal = Terminal(as_json)
    if identity is None:
        raise InputError("Words that are sealed open with a key.", advice="Name yours with --identity.")
    takeback, identities = Server.with_key(server, key_file), _identities(identity)
    keys = [DeskKey(key["id"], key["recipient"]) for key in takeback.get("/api/v1/notices/desk-keys")]
    waiting = takeback.get(f"/api/v1/cases?seal_again=true&limit={_MOST_CASES}")
    done, closed = 0, []
    with terminal.progress("Sealing again", len(waiting)) as step:
        for case in waiting:
            try:
                is_whole = _seal_again(takeback, f"/api/v1/cases/{case['id']}", identities, keys)
            except IllegalTransition:
                is_whole = False  # she completed it in this moment, or the desk changed again
            done += is_whole
            closed += [] if is_whole else [case["id"]]
            step()
    if as_json:
        terminal.json({"sealed": done, "closed": closed})
    else:
        terminal.line(f"The words of {done:,} cases are sealed to the present desk.")
        for case_id in closed:
            terminal.say(f"Not all of case {case_id} opens with this key.")
        if len(waiting) == _MOST_CASES:
            terminal.say("There may be more: run it again.")
    if closed:
        raise typer.Exit(ExitCode.NO)


def _seal_again(takeback: Server, path: str, identities: Sequence[str], keys: Sequence[DeskKey]) -> bool:
    """Seal what was written in a case to `keys`, her words and each message; return whether all of it opened."""
    opened = takeback.post(f"{path}/words", {})
    places = [(f"{path}/words", opened), *((f"{path}/messages/{each['id']}", each) for each in opened["messages"])]
    is_whole = True
    for place, each in places:
        if "sealed" not in each:
            continue
        try:
            again = seal_again(SealedWords.from_json(each["sealed"]), identities, keys)
        except (InputError, SealBroken):
            is_whole = False
        else:
            takeback.put(place, again.as_json())
    return is_whole


def _opened(terminal: Terminal, answer: Mapping[str, Any], identities: Sequence[str]) -> dict[str, Any]:
    """Return what was written, opened where it is sealed; what does not open says so, and stops nothing else."""
    opened = dict(answer)
    sealed = opened.pop("sealed", None)
    if sealed is None:
        return opened
    try:
        return {**open_words(SealedWords.from_json(sealed), identities), **opened}
    except (InputError, SealBroken) as problem:
        terminal.say(f"{'A message' if 'sender' in opened else 'The notice'} stays closed: {problem.message}")
        return {**opened, "closed": problem.message}


def _identities(path: Path) -> list[str]:
    try:
        return identities_in(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"The file {path} cannot be read as a key.", advice="Name the file of your key.") from problem
