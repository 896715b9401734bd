"""
The HTTP interfaces against their own OpenAPI descriptions: `make schema`.

Schemathesis sends to a real service, by turns with a key of each role and with none, what the description allows and
what it does not, and follows answers to the requests that they lead to. It fails on an answer of 500, on a status, a
type or a body that is not described, and on a request that is against the description and is taken all the same. That a
request which the description allows is refused is no failure: much of what a law asks for is no matter of form.

HMA's interface is tried too, for faults alone: what it answers is as HMA answers, and described nowhere.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2
from tests.acceptance.serving import Service, free_port, receiving

TURNS = (None, "mail", "auditor", "partner", "upload", "moderator", "administrator")
"""Roles of the keys that ask, by turns; None sends none. The last one may end what the others need."""
_SHARES = len(TURNS) + 1
_CONFIG = Path(__file__).with_name("schemathesis.toml")
_SHOWN_CHARACTERS = 1_500
"""Of one line: a body that was too large is told whole."""
_LEFT_OUT = "unsupported_method,positive_data_acceptance"
"""Addresses take methods of pages besides; the other one is spoken of above."""
_OF_HMA = ("--checks", "not_a_server_error")
_OWN_KEY = "DELETE /api/v1/keys/{key_id}"
"""Left out of the administrator's turn: it would revoke the key that asks. Each other turn tries it."""


def main(seconds: int) -> int:
    """Try for about `seconds`; return the exit code."""
    codes = []
    with tempfile.TemporaryDirectory() as folder, receiving() as site:
        hma = f"127.0.0.1:{free_port()}"
        service = Service(Path(folder), "--hma", hma)
        service.environment |= {"TAKEBACK_TRANSPARENCY_PAGE": "on", "TAKEBACK_SECURITY_CONTACT": "https://a.example"}
        service.start()
        try:
            service.add_site(site)
            for name in ("Ada", "Bo"):
                service.add_desk_key(name)
            for number in range(3):
                service.send_notice(f"{site.url}/posts/{number}")
            _add_keys(service)
            described = httpx2.get(f"{service.url}/openapi.json", headers=service.headers("auditor")).json()
            for role in TURNS:
                options = [] if role is None else ["--header", f"Authorization: Bearer {service.keys[role]}"]
                if role == "administrator":
                    options += ["--exclude-name", _OWN_KEY]
                who = f"with the key of role {role}" if role else "without a key"
                options += ["--exclude-checks", _LEFT_OUT]
                codes.append(_try(who, service.url, described, options, seconds // _SHARES))
            described = httpx2.get(f"http://{hma}/openapi/openapi.json").json()
            codes.append(_try("HMA's interface", f"http://{hma}", described, _OF_HMA, seconds // _SHARES))
        finally:
            service.stop()
    return max(codes)


def _add_keys(service: Service) -> None:
    """Make the keys that are bound to somebody: a partner's, and the mail server's."""
    partner = {"name": "gallery", "match": ["notices"], "per_minute": 6_000, "per_day": 1_000_000}
    for role, address, body in (("partner", "partners", partner), ("mail", "keys", {"role": "mail", "name": "mail"})):
        made = httpx2.post(f"{service.url}/api/v1/{address}", headers=service.headers("administrator"), json=body)
        assert made.status_code == 201, made.text
        service.keys[role] = made.json()["key"]


def _try(who: str, url: str, described: dict[str, Any], options: Sequence[str], seconds: int) -> int:
    print(who, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        description = Path(folder) / "openapi.json"
        description.write_text(json.dumps(described))
        command = [
            *(str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(_CONFIG)),
            *("run", str(description), "--url", url, *options),
            *("--max-time", str(seconds), "--continue-on-failure"),
            *("--generation-with-security-parameters", "false", "--warnings", "off", "--no-color"),
        ]
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as trying:
            assert trying.stdout is not None
            for line in trying.stdout:
                print(line.rstrip("\n")[:_SHOWN_CHARACTERS], flush=True)
        return trying.returncode


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
