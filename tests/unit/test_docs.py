"""The pages know every setting, route, problem, command and event, and what they point to is there."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules, walk_packages

import pytest
import typer
from benchmarks.pages import PARTS, Row, filled, result_of
from fastapi import APIRouter
from fastapi.routing import APIRoute
from typer.core import TyperGroup

import takeback
import takeback.service
from takeback.audit.event import EventKind
from takeback.cli.main import app as command_line
from takeback.config import KERNEL_VARIABLE, PREFIX, Settings
from takeback.errors import NotAllowed, TakebackError
from takeback.examine.sentences import SENTENCES
from takeback.service.problem import status_of

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "takeback"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NOT_OURS = {".git", ".venv", ".tools", "build", "dist", "data", "node_modules", "__pycache__"}
OF_THE_FRAMEWORK = {"method-not-allowed": 405}
"""Problems that no error of ours stands behind."""
VARIABLES_BESIDE_SETTINGS = {"TAKEBACK_KEY", "TAKEBACK_SERVER", KERNEL_VARIABLE}

# Put together here, so that this file does not name what no file may.
REGISTRY_HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("docker", "io"),
        ("ghcr", "io"),
        ("quay", "io"),
        ("crates", "io"),
        ("conda", "anaconda", "org"),
    )
)
DEVELOPERS_PATH = re.compile("(?<![\\w.~-])/(?:" + "|".join(("home", "Users", "root", "work")) + r")/\w")


def page(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def rows_of(text: str) -> list[list[str]]:
    """Return the cells of every row of every table; a code span without its ticks."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


def own_files() -> Iterator[Path]:
    for folder, names, files in ROOT.walk():
        names[:] = [
            name for name in names if name not in NOT_OURS and not name.endswith(("_cache", ".egg-info", ".hypothesis"))
        ]
        yield from (folder / name for name in files if not name.endswith((".pyc", ".so", ".whl")))


# Settings


def _written(default: object) -> str:
    return ", ".join(map(str, default)) if isinstance(default, tuple) else str(default)


def test_every_setting_is_on_its_page_with_its_default() -> None:
    documented = {row[0]: row[1] for row in rows_of(page("docs/settings.md"))[2:]}
    assert documented == {setting.name: _written(setting.default) for setting in fields(Settings)}


def test_every_variable_that_a_page_or_a_unit_names_is_a_setting() -> None:
    known = {PREFIX + setting.name.upper() for setting in fields(Settings)} | VARIABLES_BESIDE_SETTINGS
    packaging = [ROOT / "packaging" / name for name in ("takeback.service", "Containerfile")]
    for file in (*PAGES, *packaging):
        named = set(re.findall(rf"\b{PREFIX}[A-Z_]+[A-Z]\b", file.read_text("utf-8")))
        assert named <= known | {f"{PREFIX}NAME"}, file.name


# The HTTP interface


def _routes() -> set[str]:
    modules = [import_module(f"takeback.service.{found.name}") for found in iter_modules(takeback.service.__path__)]
    routers = [module.router for module in modules if isinstance(getattr(module, "router", None), APIRouter)]
    assert len(routers) > 5
    return {
        f"{method} {route.path}".replace(":path}", "}")
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }


def test_every_route_has_a_section_and_every_section_a_route() -> None:
    sections = re.findall(r"^### `(\w+ /\S*)`$", page("docs/http.md"), flags=re.MULTILINE)
    assert sorted(sections) == sorted(_routes())


def test_every_section_of_a_route_has_an_example() -> None:
    for section in re.split(r"^### ", page("docs/http.md").partition("## Problems")[0], flags=re.MULTILINE)[1:]:
        assert "```console\n$ " in section, section.splitlines()[0]


def _errors(kind: type[TakebackError] = TakebackError) -> Iterator[type[TakebackError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from _errors(each)


def test_every_problem_is_documented_with_its_status() -> None:
    expected = {kind.code: str(int(status_of(kind("")))) for kind in _errors() if not issubclass(kind, NotAllowed)}
    expected[NotAllowed.code] = f"{int(status_of(NotAllowed('')))}, {int(status_of(NotAllowed('', known=True)))}"
    expected |= {code: str(status) for code, status in OF_THE_FRAMEWORK.items()}
    table = page("docs/http.md").partition("## Problems")[2]
    assert {row[0]: row[1] for row in rows_of(table)[2:]} == expected


def test_every_metric_is_on_the_operators_page() -> None:
    code = (PACKAGE / "service" / "health.py").read_text("utf-8")
    names = set(re.findall(r'"(takeback_\w+)"', code))
    assert len(names) > 5
    documented = {row[0].partition("{")[0] for row in rows_of(page("docs/operations.md"))}
    assert names <= documented


# Commands and events


def _commands() -> set[str]:
    group = typer.main.get_command(command_line)
    assert isinstance(group, TyperGroup)
    context = typer.Context(group)
    found: set[str] = set()
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        parts = command.list_commands(context) if isinstance(command, TyperGroup) else []
        found |= {f"{name} {part}" for part in parts} or {name}
    return found


def test_every_command_is_in_the_readmes_table_and_no_other() -> None:
    documented: set[str] = set()
    for cell, *_ in rows_of(page("README.md")):
        words = re.findall(r"[a-z]+", cell.replace("takeback", ""))
        commands = _commands()
        for word in words if "takeback" in cell else []:
            own = [command for command in commands if command in (word, f"{words[0]} {word}")]
            documented |= set(own)
            assert own or word == words[0], f"there is no command {word}"
    assert documented == _commands()


def test_every_kind_of_event_is_in_the_glossary() -> None:
    events, _, unwritten = page("docs/glossary.md").partition("## Events")[2].partition("Kept for what comes")
    written = {kind.value for kind in EventKind if kind.value in {row[0] for row in rows_of(events)}}
    kept = set(re.findall(r"`(\w+)`", unwritten))
    assert written | kept == {kind.value for kind in EventKind}
    code = "".join(
        file.read_text("utf-8") for part in ("workflow", "jobs", "store") for file in PACKAGE.glob(f"{part}/*.py")
    )
    assert written == {kind.value for kind in EventKind if f"EventKind.{kind.name}" in code}


def test_every_sentence_of_an_examination_is_on_its_page_with_a_test_that_there_is() -> None:
    listed = page("docs/examine.md").partition("<!-- sentences")[2].partition("<!-- /sentences")[0]
    held: dict[str, str] = {}
    for part, table in re.findall(r"^### `(\w+)`\n(.*?)(?=^### |\Z)", listed, flags=re.MULTILINE | re.DOTALL):
        for name, text, test in rows_of(table)[2:]:
            held[f"{part}.{name.strip('`')}"] = text
            path, _, function = test.strip("`").partition("::")
            assert f"def {function}(" in page(f"tests/unit/{path}"), test
    assert held == dict(SENTENCES), "run tools/sentences"


# What pages point to


def _slug(heading: str) -> str:
    """Return the anchor that a heading gets: lower case, without punctuation, dashes for spaces."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def _anchors(path: Path) -> set[str]:
    return {_slug(found) for found in re.findall(r"^#+ (.*)$", path.read_text("utf-8"), flags=re.MULTILINE)}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_pages_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text("utf-8")):
        if target.startswith(("https://", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        linked = (path.parent / name).resolve() if name else path
        assert linked.exists(), target
        assert not anchor or anchor in _anchors(linked), target


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_files_that_a_page_names_are_there(path: Path) -> None:
    text = path.read_text("utf-8")
    for name in re.findall(r"`((?:src|tests|docs|native|tools|packaging|benchmarks|requirements)/[\w./-]*)`", text):
        assert (ROOT / name).exists() or name == "benchmarks/results/NAME.json", name


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_never_says_more_than_is_known(path: Path) -> None:
    text = path.read_text("utf-8").partition("## Never")[0] if path.name == "glossary.md" else path.read_text("utf-8")
    assert not re.search(r"\b(score|verdict|blacklist|fake|deepfake)s?\b", text, flags=re.IGNORECASE)


# What was measured


def test_the_figures_on_their_page_are_those_of_the_last_run() -> None:
    """`python -m benchmarks.pages` writes them."""
    assert page("docs/benchmarks.md") == filled(page("docs/benchmarks.md"))


@pytest.mark.parametrize(("name", "table"), [(name, table) for name, tables in PARTS.items() for table in tables])
def test_every_table_of_figures_finds_them_in_the_last_run(name: str, table: Callable[[Row], str]) -> None:
    """A benchmark that calls its figures otherwise leaves no table empty unseen."""
    whole = result_of(name)
    assert whole is not None
    assert table(whole["result"])


# What the project's files may not say


def test_no_file_names_a_registry_or_a_developers_folder() -> None:
    files = list(own_files())
    assert len(files) > 150
    for file in files:
        text = file.read_bytes().decode("utf-8", "replace")
        named = [host for host in REGISTRY_HOSTS if host in text]
        assert not named, f"{file.relative_to(ROOT)} names {named[0]}"
        found = DEVELOPERS_PATH.search(text)
        assert found is None, f"{file.relative_to(ROOT)} names {text[found.start() : found.start() + 40]!r}"


# What packages export


def _packages() -> list[str]:
    found = [each.name for each in walk_packages(takeback.__path__, "takeback.") if each.ispkg]
    return [name for name in found if hasattr(import_module(name), "__all__")]


def _bound(tree: ast.Module) -> Iterator[str]:
    """Yield the public names that a package's own file imports from Takeback or defines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("takeback"):
            yield from (alias.asname or alias.name for alias in node.names)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name


@pytest.mark.parametrize("name", _packages())
def test_what_a_package_says_it_exports_is_what_it_exports(name: str) -> None:
    module = import_module(name)
    assert module.__file__ is not None
    exported = list(module.__all__)
    assert sorted(set(exported)) == sorted(exported)
    assert set(exported) == set(_bound(ast.parse(Path(module.__file__).read_text("utf-8"))))
    assert all(hasattr(module, each) for each in exported)


def test_a_package_that_gathers_names_says_which() -> None:
    assert {"takeback.cases", "takeback.fingerprint", "takeback.index", "takeback.media", "takeback.store"} <= set(
        _packages()
    )
