"""An OpenID provider that is not ours: oidc-provider, certified by the OpenID Foundation, unmodified, from npm."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from re import search

import pytest
from tests.acceptance.serving import free_port

ROOT = Path(__file__).resolve().parents[1]
CLIENT_ID = "takeback"
SECRET = "a secret: for+tests/alone&nothing else"
_OLDEST_NODE = 20


@dataclass(frozen=True, slots=True)
class Peer:
    """A provider that runs."""

    port: int

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"


def installed(folder: Path) -> Path:
    """Fetch the provider into a folder; skips where there is no npm, or a Node that it does not run on."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("npm, which fetches a provider that is not ours, is not installed")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.strip().lstrip("v").partition(".")[0]) < _OLDEST_NODE:
        pytest.skip(f"the provider does not run on Node {version.strip()}")
    shutil.copytree(ROOT / "tools" / "openid", folder, ignore=shutil.ignore_patterns("node_modules"))
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder, check=True)
    return folder


@contextmanager
def running(folder: Path, desk: str, algorithm: str = "RS256") -> Iterator[Peer]:
    """Run it for the length of a `with` block, for a desk at an origin."""
    port = free_port()
    command = ["node", "provider.js", str(port), desk, algorithm]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "ready\n"
        yield Peer(port)
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def action_in(page: str) -> str:
    """Return where the form of one of its pages goes."""
    found = search(r'<form[^>]*action="([^"]+)"', page)
    assert found is not None, page
    return found[1]
