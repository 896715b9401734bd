"""`takeback account`, with a running Takeback: what a person at a site does about an account that posts again."""

from __future__ import annotations

import httpx2
import pytest
from tests.acceptance.serving import Service, receiving
from tests.unit.cli.conftest import Call, Save
from tests.unit.cli.test_notice import WORDS

CRITERIA = ("--numbers", "2", "--proportion", "2 of 3", "--gravity", "Intimate.", "--intention", "Unknown.")
BY = ("--by", "mod-7", "--reason", "Two pictures.", *CRITERIA)


def test_an_account_is_shown_warned_and_the_warning_lifted(
    call: Call, picture: Save, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAKEBACK_SERVER", service.url)
    with receiving() as site:
        service.add_site(site)
        for seed in (41, 42):
            path = picture(f"{seed}.png", seed)
            fields = {"item_id": str(seed), "url": f"{site.url}/{seed}", "account": "u-17"}
            with path.open("rb") as file:
                httpx2.post(
                    f"{service.url}/api/v1/check", headers=service.headers("upload"), files={"file": file}, data=fields
                )
            case = call("notice", path, "--to", service.url, *WORDS, "--json").json["case"]
            monkeypatch.setenv("TAKEBACK_KEY", service.keys["moderator"])
            assert call("case", "decide", case, "removed", "--covered", "--reason", "Covered.").code == 0
        assert call("account", "show", "u-17").code == 2, "a moderator is not the site"
        monkeypatch.setenv("TAKEBACK_KEY", service.keys["upload"])
        assert "advice           warning" in call("account", "show", "u-17").out
        assert call("account", "warn", "u-17", *BY).code == 2, "warned without the finding"
        suspended = call("account", "suspend", "u-17", "--until", "2027-01-01", *BY, "--manifestly-illegal")
        assert suspended.code == 2, "suspended without a warning"
        warned = call("account", "warn", "u-17", *BY, "--manifestly-illegal", "--json").json
        assert (warned["measure"], warned["criteria"]["gravity"]) == ("warning", "Intimate.")
        assert warned["id"] in call("account", "list").out
        assert "u-17" not in call("account", "list").out
        lifted = call("account", "lift", warned["id"], "--by", "mod-8", "--reason", "It was wrong.", "--json").json
        assert lifted["lifted_reason"] == "It was wrong."
        assert call("account", "show", "u-17", "--json").json["advice"] == "warning"
