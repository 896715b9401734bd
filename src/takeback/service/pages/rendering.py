"""Templates filled with words, without any HTTP: a page of the service, or what a site puts on its own pages."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

EXIT_URL = "https://weather.com/"
"""Where Exit leads: somewhere that anyone may be."""

_environment = Environment(
    loader=PackageLoader("takeback.service.pages", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def rendered(template: str, **values: object) -> str:
    """Return a template with its values; text among them is shown as text, never as markup."""
    return _environment.get_template(template).render(exit_url=EXIT_URL, **values)
