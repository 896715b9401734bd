"""The sample site's pages: plain HTML with its own style, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from takeback.demo.gallery import Item, State

_STYLE = """
:root { color-scheme: light dark; --page: #f6f5f2; --card: #fff; --ink: #22252a; --soft: #6a6f78; --line: #dcd9d2;
  --accent: #2f5d50; }
@media (prefers-color-scheme: dark) { :root { --page: #17191c; --card: #212428; --ink: #eceae5; --soft: #a2a7af;
  --line: #363a40; --accent: #8fc7b4; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
header, main { max-width: 66rem; margin: 0 auto; padding: 1rem; }
header { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: baseline; justify-content: space-between; }
h1 { font-size: 1.25rem; margin: 0; } h1 a { color: inherit; text-decoration: none; }
p { max-width: 40rem; } .soft { color: var(--soft); font-size: .9rem; }
.grid { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); padding: 0;
  list-style: none; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; overflow: hidden; }
.tile a { color: inherit; text-decoration: none; display: block; }
.tile img, .blank { display: block; width: 100%; aspect-ratio: 4 / 3; object-fit: cover; }
.tile .blank { height: 100%; }
.blank { display: grid; place-items: center; padding: 1rem; text-align: center; color: var(--soft); font-size: .9rem;
  background: repeating-linear-gradient(45deg, transparent 0 9px, var(--line) 9px 10px); }
.tile span { display: block; padding: .5rem .75rem; font-size: .9rem; }
form { display: flex; flex-wrap: wrap; gap: .75rem; padding: 1rem; background: var(--card); border-radius: .6rem;
  border: 1px solid var(--line); }
input, button { font: inherit; color: inherit; min-height: 2.75rem; max-width: 100%; }
input[name=title] { flex: 1 1 10rem; padding: 0 .75rem; border: 1px solid var(--line); border-radius: .4rem;
  background: var(--page); }
input[type=file] { flex: 1 1 14rem; min-width: 0; padding-top: .5rem; }
button { padding: 0 1.25rem; border: 0; border-radius: .4rem; background: var(--accent); color: var(--page); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.picture { max-width: 100%; height: auto; border-radius: .6rem; }
code { overflow-wrap: anywhere; }
"""

_FORM = """
<form method="post" action="/upload" enctype="multipart/form-data">
<input name="title" aria-label="Title" placeholder="Title" maxlength="80" required>
<input name="file" type="file" aria-label="Picture" accept="image/jpeg,image/png,image/gif,image/webp" required>
<button>Upload</button></form>
"""

_INSTEAD = {State.HELD: "hidden: a notice is open", State.REMOVED: "removed"}


def gallery_page(items: Sequence[Item]) -> str:
    """Return the gallery, newest first, with the upload form above it."""
    tiles = "".join(_tile(item) for item in reversed(items) if item.state is not State.PENDING)
    return _page("A small gallery", f'{_FORM}<ul class="grid">{tiles}</ul>')


def item_page(item: Item, report_address: str) -> str:
    """Return the page of one picture, with the address by which it is reported."""
    title = escape(item.title)
    if item.state is not State.SHOWN:
        why = f'<p class="soft">Is it yours? <a href="/item/{item.id}/reasons">Why, and what you can do</a></p>'
        return _page(title, f'<h2>{title}</h2><p class="blank">{_INSTEAD[item.state]}</p>{why}')
    return _page(
        title,
        f'<h2>{title}</h2><p><img class="picture" src="/media/{item.id}" alt="{title}"></p>'
        f'<p class="soft">Does this show you, and you do not want it here? Give Takeback this address:<br>'
        f"<code>{escape(report_address)}</code></p>",
    )


def reasons_page(item: Item) -> str:
    """Return, for whoever posted it, the statement that came with the last order, and the link to contest it."""
    text = item.reason.get("statement", {}).get("text", {}).get("en", item.reason.get("why", ""))
    link = item.reason.get("contest_url")
    contest = f'<p><a id="contest" href="{escape(link)}">Contest it</a></p>' if link else ""
    title = escape(item.title)
    return _page(title, f'<h2>{title}</h2><p style="white-space: pre-line">{escape(text)}</p>{contest}')


def message_page(heading: str, text: str) -> str:
    """Return a page that says one thing."""
    back = '<p><a href="/">Back to the gallery</a></p>'
    return _page(escape(heading), f"<h2>{escape(heading)}</h2><p>{escape(text)}</p>{back}")


def _tile(item: Item) -> str:
    title = escape(item.title)
    if item.state is not State.SHOWN:
        return f'<li class="tile"><div class="blank">{_INSTEAD[item.state]}</div></li>'
    picture = f'<img src="/media/{item.id}" alt="" loading="lazy">'
    return f'<li class="tile"><a href="/item/{item.id}">{picture}<span>{title}</span></a></li>'


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style>"
        '<header><h1><a href="/">A small gallery</a></h1><span class="soft">sample site of Takeback</span></header>'
        f"<main>{body}</main></html>"
    )
