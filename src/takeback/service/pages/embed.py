"""
The form on another site's own pages: one file that a site puts there, which shows the form in a frame.

The file is as strict as a file can be: it runs and shows nothing but what is in it and the service's own pages.
Nothing is said between the two, in either direction. A height would be enough to tell a script beside the frame which
answers she gives; and a frame that is as high as its page would take Exit out of sight. So the frame fills the window,
and scrolls.
"""

from __future__ import annotations

import base64
from hashlib import sha256
from importlib import resources

from markupsafe import Markup

from takeback.service.pages.rendering import rendered
from takeback.service.pages.words import Words

SANDBOX = ("allow-forms", "allow-modals", "allow-same-origin", "allow-scripts", "allow-top-navigation")
"""
What the form needs: to be sent, to be printed, to be itself, to make fingerprints, and to leave by Shift three times,
which browsers do not count as a gesture (`allow-top-navigation-by-user-activation` is too little). No pop-ups, no
downloads.
"""

STYLE = """
body { margin: 0; height: 100vh; height: 100dvh; display: flex; flex-direction: column;
  font: 1rem/1.5 system-ui, sans-serif; }
main { flex: 1; display: flex; }
iframe { flex: 1; border: 0; }
footer { margin: 0; padding: .5rem 1rem; border-block-start: 1px solid #767e8c; }
a { color: #14507a; }
"""


def embedding_page(words: Words, address: str, query: str = "") -> str:
    """Return the file, for the service at the origin `address`; `query` goes behind the form's address."""
    script = (resources.files(__package__) / "static" / "exit.js").read_text("utf-8")
    policy = (
        f"default-src 'none'; frame-src {address}; img-src data:; "
        f"script-src {_hash(script)}; style-src {_hash(STYLE)}; "
        "base-uri 'none'; form-action 'none'"
    )
    return rendered(
        "embed.html",
        words=words,
        t=words,
        policy=policy,
        form=f"{address}/{query}",
        sandbox=" ".join(SANDBOX),
        style=_inside(STYLE),
        script=_inside(script),
    )


def _hash(content: str) -> str:
    """Return a source of a policy that allows exactly this content (CSP Level 3, § 2.3.1)."""
    return f"'sha256-{base64.b64encode(sha256(content.encode()).digest()).decode()}'"


def _inside(content: str) -> Markup:
    assert "</" not in content, "it would end its element"
    return Markup(content)  # noqa: S704 - our own file
