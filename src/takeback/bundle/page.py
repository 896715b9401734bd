"""
A page of a site as evidence: its words, and in place of each picture a drawn box with its digest, size and address.

Nothing that could draw goes through: no style, script, frame, vector or font of the page. What is kept is named here,
element by element, and everything else is left out; a long run of characters without a space, which could be a picture
written as text, is replaced by its digest. The whole is a page of ours that a browser opens without asking anybody.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from typing import Any
from urllib.parse import unquote_to_bytes, urldefrag, urljoin

from justhtml import JustHTML

MAX_PAGE_BYTES = 2 * 1024 * 1024
"""Of HTML; a long thread of a forum has one."""
MAX_PICTURES = 100
"""Addresses of one page that are fetched; the rest are named."""
MAX_DEPTH = 200
"""Elements inside each other that are kept as such; deeper ones leave their words."""
MAX_RUN = 400
"""Characters without a space that are kept: longer ones are no words."""
MAX_ADDRESS = 2_000
MAX_BOXES = 2_000
"""Boxes of one page that are drawn; the rest are counted."""

# fmt: off
_KEPT = frozenset(
    (
        "h1", "h2", "h3", "h4", "h5", "h6", "p", "div", "span", "section", "article", "header", "footer",
        "main", "aside", "nav", "ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tfoot", "tr",
        "td", "th", "caption", "b", "strong", "i", "em", "u", "s", "small", "sub", "sup", "code", "pre",
        "blockquote", "q", "cite", "abbr", "time", "br", "hr", "figure", "figcaption", "details", "summary",
        "address", "label", "a",
    )
)
# fmt: on
_VOID = frozenset(("br", "hr"))
_KEPT_ATTRIBUTES = ("lang", "dir", "colspan", "rowspan", "datetime")
_DROPPED = frozenset(
    ("script", "style", "head", "title", "template", "datalist", "select", "option", "progress", "meter")
)
_BOXES = {
    "img": ("picture", ("src", "srcset", "data-src", "data-srcset", "data-original", "data-lazy-src")),
    "source": ("picture", ("src", "srcset", "data-src", "data-srcset")),
    "video": ("video", ("src", "poster", "data-src")),
    "audio": ("sound", ("src",)),
    "image": ("picture", ("href", "xlink:href")),
    "feimage": ("picture", ("href", "xlink:href")),
    "use": ("drawing", ("href", "xlink:href")),
    "object": ("embedded", ("data",)),
    "embed": ("embedded", ("src",)),
    "iframe": ("frame", ("src",)),
    "frame": ("frame", ("src",)),
    "input": ("picture", ("src",)),
}
"""Elements that show something, what to call it, and where its address stands."""
_DRAWN = frozenset(("svg", "math", "canvas"))
_WORD = re.compile(r"[^\s,]\S*")
_WIDTH = re.compile(r"^[0-9.]+[wxh],")
_LONG_RUN = re.compile(rf"\S{{{MAX_RUN + 1},}}")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

_STYLE = (
    "body{font:16px/1.45 sans-serif;max-width:60rem;margin:1rem auto;padding:0 1rem;color:#111;background:#fff}"
    ".kept{display:inline-block;border:2px solid #555;background:#eee;padding:.5rem .7rem;margin:.2rem;"
    "font-size:.8rem;overflow-wrap:anywhere;max-width:100%}.capture{border-bottom:2px solid #555}"
    "table{border-collapse:collapse}td,th{border:1px solid #bbb;padding:.2rem .4rem}"
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


@dataclass(frozen=True, slots=True)
class Seen:
    """What stood at an address: SHA-256, bytes and pixels where it was fetched, else why it was not."""

    sha256: str = ""
    size: int = 0
    pixels: tuple[int, int] | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """A place on the page where something was shown."""

    what: str
    address: str
    """Absolute; empty where it stood inside the page."""
    inside: bytes | None = None
    """Its bytes, where it stood inside the page."""
    said: str = ""
    """What the page says in place of it (`alt`)."""


class Page:
    """A page, read once; `addresses` are of what it shows, to be fetched where that is allowed."""

    def __init__(self, html: bytes, url: str, encoding: str | None = None) -> None:
        self.url = url
        self.digest, self.size = sha256(html).hexdigest(), len(html)
        self._root = JustHTML(html, sanitize=False, scripting_enabled=False, encoding=encoding).root
        self._base = url
        self.title = ""
        self._extras: list[Box] = []
        self._read_head()
        boxes = list(self._boxes())
        self.addresses = list(dict.fromkeys(box.address for box in boxes[:MAX_BOXES] if box.address))
        self._left_out = max(0, len(boxes) - MAX_BOXES)

    def text(self, seen: Mapping[str, Seen], told: Sequence[tuple[str, str]]) -> str:
        """
        Return the page as it is kept. `seen` says what stood at each address; `told` is what is said above it.

        Of what stands inside the page itself, as a `data:` address or a drawing, digest and size are taken here.
        """
        more = [("Not shown", f"{self._left_out:,} more pictures")] if self._left_out else []
        head = "".join(f"<div>{escape(name)}: {_words(text)}</div>" for name, text in (*told, *more))
        extras = "".join(_box(box, seen) for box in self._extras[:MAX_BOXES])
        behind = f"<section><h2>Pictures that the page names without showing them in its text</h2>{extras}</section>"
        return (
            f'<!doctype html>\n<html><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" '
            f'content="{_POLICY}"><title>{_words(self.title)}</title><style>{_STYLE}</style></head><body>\n'
            f'<header class="capture">{head}</header>\n'
            f"{''.join(self._written(seen))}\n{behind if extras else ''}</body></html>\n"
        )

    def _read_head(self) -> None:
        """Read title and base, and collect what is shown by other means than an element in the text."""
        first_base = ""
        for node in _nodes(self._root):
            name, attributes = _name(node), _attributes(node)
            if name == "base" and not first_base:
                first_base = attributes.get("href", "")
            if name == "title" and not self.title:
                self.title = _text_of(node).strip()[:MAX_RUN]
        if first_base:
            self._base = urljoin(self.url, first_base)
        for node in _nodes(self._root):
            self._extras += self._hidden(node)

    def _hidden(self, node: Any) -> Iterator[Box]:
        name, attributes = _name(node), _attributes(node)
        for css in (attributes.get("style", ""), _text_of(node) if name == "style" else ""):
            for address in _addresses_in_style(css):
                yield from self._at("picture of a style", address)
        if "background" in attributes:
            yield from self._at("background", attributes["background"])
        if name == "link" and "icon" in attributes.get("rel", "").lower():
            yield from self._at("icon", attributes.get("href", ""))
        if name == "link" and attributes.get("as", "").lower() == "image":
            yield from self._at("picture", attributes.get("href", ""))
        if name == "meta" and "image" in (attributes.get("property", "") + attributes.get("name", "")).lower():
            yield from self._at("picture of a preview", attributes.get("content", ""))

    def _boxes(self) -> Iterator[Box]:
        yield from self._extras
        for node in _nodes(self._root, besides=_DRAWN):
            yield from self._boxes_of(node)

    def _boxes_of(self, node: Any) -> Iterator[Box]:
        """Return what an element shows: of a drawing the whole of it, and what it takes from elsewhere."""
        if _name(node) not in _DRAWN:
            yield from self._shown_by(node)
            return
        yield Box("drawing", "", _source(node))
        for part in _nodes(node):
            yield from self._shown_by(part)

    def _shown_by(self, node: Any) -> Iterator[Box]:
        name, attributes = _name(node), _attributes(node)
        what, places = _BOXES.get(name, ("", ()))
        found = [each for place in places for each in _addresses(attributes.get(place, ""), is_set="srcset" in place)]
        for address in dict.fromkeys(found):
            yield from self._at(what, address, attributes.get("alt", ""))

    def _at(self, what: str, address: str, said: str = "") -> Iterator[Box]:
        address = address.strip()
        if not address:
            return
        if address[:5].lower() == "data:":
            yield Box(what, "", _inside(address), said)
            return
        try:
            whole = urldefrag(urljoin(self._base, address)).url
        except ValueError:
            whole = address
        yield Box(what, whole[:MAX_ADDRESS], said=said)

    def _written(self, seen: Mapping[str, Seen]) -> Iterator[str]:
        """Walk the tree without recursion: a page can nest as deep as it likes."""
        waiting: list[Any | str] = [self._root]
        depth, boxes_left = 0, MAX_BOXES - len(self._extras)
        while waiting:
            node = waiting.pop()
            if isinstance(node, str):
                depth -= 1
                yield node
                continue
            name = _name(node)
            if name == "#text":
                yield _words(str(node.data or ""))
                continue
            for box in self._boxes_of(node):
                if boxes_left > 0:
                    yield _box(box, seen)
                boxes_left -= 1
            if name in _DROPPED or name in _DRAWN or name.startswith(("!", "#comment")):
                continue
            if name in _KEPT and depth < MAX_DEPTH:
                yield f"<{name}{_kept_attributes(node)}>"
                depth += 1
                waiting.append("" if name in _VOID else f"</{name}>")
                yield from self._link(name, node)
            waiting += reversed(node.children or ())

    def _link(self, name: str, node: Any) -> Iterator[str]:
        """Name where a link leads, without leading there."""
        address = _attributes(node).get("href", "").strip() if name == "a" else ""
        if address and not address.lower().startswith(("data:", "javascript:", "#")):
            yield f"<small>[{_words(urljoin(self._base, address)[:MAX_ADDRESS])}]</small> "


def _nodes(root: Any, besides: Collection[str] = ()) -> Iterator[Any]:
    """Yield a node and all below it in their order; of elements `besides` not what is below them."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        if _name(node) not in besides:
            waiting += reversed(getattr(node, "children", None) or ())


def _source(root: Any) -> bytes:
    """Return a drawing in one form of its source: names, attributes and words, in their order."""
    parts = [
        f"{_name(node)} {sorted(_attributes(node).items())} {getattr(node, 'data', None) or ''}"
        for node in _nodes(root)
    ]
    return "\n".join(parts).encode("utf-8", "replace")


def _name(node: Any) -> str:
    return str(node.name).lower()


def _text_of(node: Any) -> str:
    return "".join(str(child.data or "") for child in node.children or () if _name(child) == "#text")


def _attributes(node: Any) -> dict[str, str]:
    return {str(name).lower(): str(value or "") for name, value in (getattr(node, "attrs", None) or {}).items()}


def _addresses(value: str, *, is_set: bool) -> list[str]:
    """Return the addresses in an attribute; a set of them has widths beside each (HTML, section 4.8.4.2.1)."""
    if not is_set:
        return [value]
    words = (_WIDTH.sub("", found.rstrip(",") + ",").rstrip(",") for found in _WORD.findall(value))
    return [word for word in words if word]


def _addresses_in_style(css: str) -> Iterator[str]:
    """Yield what stands in each `url(…)`, in one pass whatever is left open."""
    low, place = css.lower(), 0
    while (place := low.find("url(", place)) >= 0:
        start = place + 4
        while start < len(css) and css[start].isspace():
            start += 1
        closing = css[start : start + 1] if css[start : start + 1] in ("'", '"') else ")"
        start += closing != ")"
        end = css.find(closing, start)
        if end < 0:
            return
        yield css[start:end]
        place = end


def _inside(address: str) -> bytes:
    """Return the bytes of a `data:` address (RFC 2397); of one that is broken the address itself."""
    head, _, body = address[5:].partition(",")
    try:
        data = unquote_to_bytes(body)
        return base64.b64decode(data, validate=False) if head.lower().rstrip().endswith(";base64") else data
    except ValueError:
        return address.encode("utf-8", "replace")


def _kept_attributes(node: Any) -> str:
    attributes = _attributes(node)
    kept = [(name, attributes[name]) for name in _KEPT_ATTRIBUTES if name in attributes]
    return "".join(f' {name}="{_words(value[:100])}"' for name, value in kept)


def _words(text: str) -> str:
    """Return text as it is kept, escaped: without control characters, long runs replaced by their digests."""
    return escape(_LONG_RUN.sub(_digest_of, _CONTROLS.sub("", text)))


def _digest_of(run: re.Match[str]) -> str:
    digest = sha256(run[0].encode("utf-8", "replace")).hexdigest()
    return f"[{len(run[0]):,} characters without a space, SHA-256 {digest}]"


def _box(box: Box, seen: Mapping[str, Seen]) -> str:
    if box.inside is not None:
        what = Seen(sha256(box.inside).hexdigest(), len(box.inside))
        where = "inside the page"
    else:
        what, where = seen.get(box.address, Seen(problem="not fetched")), box.address
    if what.problem:
        said = [what.problem]
    else:
        said = [f"SHA-256 {what.sha256}", f"{what.size:,} bytes"]
        said += [] if what.pixels is None else [f"{what.pixels[0]} × {what.pixels[1]} pixels"]
    said += [f"described as “{box.said[:MAX_RUN]}”"] if box.said.strip() else []
    return f'<span class="kept">{" · ".join(map(_words, [f"{box.what}, not kept", *said, where]))}</span>'
