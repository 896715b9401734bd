"""
The HTTP interface against its own OpenAPI description: `make schema`.

Schemathesis sends to a real service, by turns with each key and with none, what the description allows and what it does
not, and follows answers to the requests that they lead to. It fails on an answer of 500, on a status, a type or a body
that is not described, and on a request that is against the description and is taken all the same. That a request which
the description allows is refused is no failure: much of what a law asks for is no matter of form.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx2
from tests.acceptance.serving import Service, receiving

ROLES = ("administrator", "upload", "moderator", None)
"""Keys that ask, by turns; None sends none."""
_LEFT_OUT = "unsupported_method,positive_data_acceptance"
"""Addresses take methods of pages besides; the other one is spoken of above."""


def main(seconds: int) -> int:
    """Try for about `seconds`; return the exit code."""
    codes = []
    with tempfile.TemporaryDirectory() as folder, receiving() as site:
        service = Service(Path(folder))
        service.environment |= {"TAKEBACK_TRANSPARENCY_PAGE": "on", "TAKEBACK_SECURITY_CONTACT": "https://a.example"}
        service.start()
        try:
            service.add_site(site)
            for name in ("Ada", "Bo"):
                service.add_desk_key(name)
            for number in range(3):
                service.send_notice(f"{site.url}/posts/{number}")
            described = httpx2.get(f"{service.url}/openapi.json", headers=service.headers("auditor")).json()
            description = Path(folder) / "openapi.json"
            description.write_text(json.dumps(described))
            for role in ROLES:
                codes.append(_try(service, description, role, seconds // len(ROLES)))
        finally:
            service.stop()
    return max(codes)


def _try(service: Service, description: Path, role: str | None, seconds: int) -> int:
    print(f"with the key of role {role}" if role else "without a key", flush=True)
    schemathesis = Path(sys.executable).parent / "schemathesis"
    key = ["--header", f"Authorization: Bearer {service.keys[role]}"] if role else []
    command = [
        *(str(schemathesis), "run", str(description), "--url", service.url, *key),
        *("--max-time", str(seconds), "--exclude-checks", _LEFT_OUT, "--continue-on-failure"),
        *("--generation-with-security-parameters", "false", "--warnings", "off", "--no-color"),
    ]
    return subprocess.run(command, check=False, cwd=description.parent).returncode


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
