"""What README.md and docs/webhook.md tell a reader to run is run."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from PIL import Image
from tests.acceptance.fenced import Block, Reader, blocks_of, fits, has_json_option, has_shell
from tests.house import drawn

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
WEBHOOK = ROOT / "docs" / "webhook.md"
HTTP = ROOT / "docs" / "http.md"
INSTALL = "packaging/wheel"
HOUSE = """
takeback serve --data data &
curl --silent --fail --retry 90 --retry-connrefused --retry-delay 1 http://127.0.0.1:8470/health/ready
takeback site add forum --data data --base-url https://forum.example/ --webhook-url https://forum.example/takeback
header() { takeback key new "$@" --data data | sed 's/^/Authorization: Bearer /'; }
header upload --site forum > upload.header
header moderator > moderator.header
header moderator > second.header
header administrator > administrator.header
header auditor > auditor.header
header mail > mail.header
takeback=http://127.0.0.1:8470
"""
"""What the examples of docs/http.md take for granted."""

needs_shell = pytest.mark.skipif(not has_shell(), reason="bash, curl, sed and grep are not all here")


def _photo(folder: Path) -> None:
    """Draw the photograph that a reader brings along."""
    Image.fromarray(drawn(7)).resize((1600, 1280)).save(folder / "photo.jpg", quality=95)


def _makes(block: Block) -> list[str]:
    return re.findall(r"^make (\w+)", block.text, flags=re.MULTILINE)


def test_what_the_readme_makes_the_makefile_knows() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = [target for block in blocks_of(README) for target in _makes(block)]
    assert {"demo", "test"} <= set(targets)
    for target in targets:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), f"make {target}"


@needs_shell
@pytest.mark.timeout(400)
def test_the_readme_can_be_lived_through(tmp_path: Path) -> None:
    _photo(tmp_path)
    blocks = [block for block in blocks_of(README) if not _makes(block) and not block.text.startswith(INSTALL)]
    assert len(blocks) > 10
    Reader(tmp_path, ports=[8470]).go_through(blocks)
    assert not list(tmp_path.glob("data/master.key"))


@needs_shell
@pytest.mark.timeout(400)
def test_the_receiver_obeys_signed_orders_and_the_reader_sees_them(tmp_path: Path) -> None:
    _photo(tmp_path)
    Reader(tmp_path, ports=[8470, 9000]).go_through(blocks_of(WEBHOOK))


@needs_shell
@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.skipif(not has_json_option(), reason="this curl has no --json")
def test_the_examples_of_the_http_interface_answer_as_shown(tmp_path: Path) -> None:
    _photo(tmp_path)
    Reader(tmp_path, ports=[8470]).go_through([Block("the house", "sh", HOUSE), *blocks_of(HTTP)])


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(shutil.which("python3.12") is None, reason="python3.12 is not on the path")
def test_the_wheel_installs_as_the_readme_says(tmp_path: Path) -> None:
    (block,) = [block for block in blocks_of(README) if block.text.startswith(INSTALL)]
    for name in ("packaging", "requirements"):
        (tmp_path / name).symlink_to(ROOT / name)
    Reader(tmp_path, ports=[]).go_through([block], timeout_seconds=500)


@pytest.mark.parametrize(
    ("expected", "output", "does"),
    [
        ('{"case":"…","state":"open"}', '{"case":"3f2a","state":"open"}\n', True),
        ('{"case":"…","state":"open"}', '{"case":"3f2a","state":"removed"}\n', False),
        ("one\ntwo", "one\ntwo", True),
        ("one…two", "one\ntwo", False),
        ("", "anything", False),
    ],
)
def test_an_output_is_compared_with_what_is_shown(expected: str, output: str, *, does: bool) -> None:
    assert fits(expected, output) is does
