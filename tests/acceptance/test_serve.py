"""`takeback serve` as processes: what it keeps alive, what it refuses, and that nothing of it stays behind."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import httpx2
import psutil
import pytest
from tests.acceptance.serving import Service, serving

pytestmark = pytest.mark.slow


def _tree(service: Service) -> list[psutil.Process]:
    tree: list[psutil.Process] = psutil.Process(service.pid).children(recursive=True)
    return tree


def _alive(service: Service) -> bool:
    try:
        return httpx2.get(f"{service.url}/health/ready", timeout=2).status_code == 200
    except httpx2.TransportError:
        return False


def _serve(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [*(sys.executable, "-m", "takeback", "serve", "--data", str(folder / "data"), "--port", "0"), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_a_child_that_is_killed_is_started_again(tmp_path: Path) -> None:
    with serving(tmp_path) as service:
        before = {process.pid for process in _tree(service)}
        for process in psutil.Process(service.pid).children():
            os.kill(process.pid, signal.SIGKILL)
        ends = time.monotonic() + 20
        while time.monotonic() < ends:
            now = {process.pid for process in _tree(service)}
            if _alive(service) and not now & before and len(now) >= len(before):
                break
            time.sleep(0.1)
        else:
            raise AssertionError("the children did not come back")


def test_sigterm_ends_the_whole_tree_with_exit_code_0(tmp_path: Path) -> None:
    with serving(tmp_path) as service:
        tree = _tree(service)
        assert service.stop() == 0
        _, alive = psutil.wait_procs(tree, timeout=5)
        assert alive == []


def test_the_decoders_hold_no_key_and_no_environment(tmp_path: Path) -> None:
    with serving(tmp_path) as service:
        key = (tmp_path / "master.key").read_text().strip()
        decoders = [process for process in _tree(service) if "sandbox" in " ".join(process.cmdline())]
        assert len(decoders) == 3
        for process in decoders:
            assert "HOME" not in process.environ()
            for file in os.listdir(f"/proc/{process.pid}/fd"):
                assert "takeback.db" not in os.readlink(f"/proc/{process.pid}/fd/{file}")
            assert bytes.fromhex(key) not in _memory(process.pid)


def _memory(pid: int) -> bytes:
    """Read all the writable memory of a process."""
    found = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            span, mode = line.split()[:2]
            if not mode.startswith("rw"):
                continue
            first, last = (int(part, 16) for part in span.split("-"))
            try:
                memory.seek(first)
                found.append(memory.read(last - first))
            except OSError:
                continue
    return b"".join(found)


def test_the_search_of_memory_finds_a_key_that_is_there(tmp_path: Path) -> None:
    with serving(tmp_path) as service:
        key = bytes.fromhex((tmp_path / "master.key").read_text().strip())
        assert key in _memory(service.pid)


def test_a_port_that_is_taken_is_said_plainly(tmp_path: Path) -> None:
    with serving(tmp_path) as service:
        key = str(tmp_path / "other.key")
        done = _serve(tmp_path / "other", "--port", str(service.port), "--master-key-file", key)
    assert done.returncode == 2
    assert "cannot be listened on" in done.stderr
    assert "Traceback" not in done.stderr


def test_data_without_its_master_key_is_not_served_with_a_new_one(tmp_path: Path) -> None:
    with serving(tmp_path):
        pass
    done = _serve(tmp_path, "--master-key-file", str(tmp_path / "new.key"))
    assert done.returncode == 2
    assert "no master key" in done.stderr
    assert not (tmp_path / "new.key").exists()


def test_a_master_key_inside_the_data_or_open_to_others_is_refused(tmp_path: Path) -> None:
    inside = _serve(tmp_path, "--master-key-file", str(tmp_path / "data" / "master.key"))
    assert (inside.returncode, "inside the data directory" in inside.stderr) == (2, True)
    assert not (tmp_path / "data").exists()
    with serving(tmp_path / "second"):
        pass
    (tmp_path / "second" / "master.key").chmod(0o644)
    loose = _serve(tmp_path / "second", "--master-key-file", str(tmp_path / "second" / "master.key"))
    assert (loose.returncode, "chmod 600" in loose.stderr) == (2, True)


def test_another_master_key_opens_nothing(tmp_path: Path) -> None:
    with serving(tmp_path):
        pass
    (tmp_path / "master.key").write_text("00" * 32)
    done = _serve(tmp_path, "--master-key-file", str(tmp_path / "master.key"))
    assert done.returncode == 5
    assert "does not belong to this data directory" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_keys_are_shown_once(tmp_path: Path) -> None:
    service = Service(tmp_path)
    service.start()
    first = dict(service.keys)
    service.stop()
    assert set(first) == {"administrator", "moderator", "auditor"}
    service.keys = {}
    service.start()
    assert service.keys == {}
    service.keys = first
    assert httpx2.get(f"{service.url}/api/v1/cases", headers=service.headers("moderator")).status_code == 200
    service.stop()
    stored = b"".join(file.read_bytes() for file in (tmp_path / "data").iterdir())
    for text in first.values():
        assert text.encode() not in stored


def test_what_it_logs_is_json_and_holds_no_address(tmp_path: Path) -> None:
    with serving(tmp_path) as service:
        httpx2.get(f"{service.url}/api/v1/cases")
        os.kill(psutil.Process(service.pid).children()[-1].pid, signal.SIGKILL)
        time.sleep(1)
    lines = (tmp_path / "service.log").read_text().splitlines()
    assert lines
    for line in lines:
        assert line.startswith('{"at": "')
        assert "127.0.0.1" not in line


def _takeback(service: Service, *arguments: str) -> subprocess.CompletedProcess[str]:
    options = ("--data", str(service.data))
    command = [sys.executable, "-m", "takeback", *arguments, *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def _forked(service: Service) -> list[psutil.Process]:
    """The jobs process, which is forked first, then the workers."""
    children = psutil.Process(service.pid).children()
    return sorted((each for each in children if "sandbox" not in " ".join(each.cmdline())), key=lambda each: each.pid)


def _rotate(service: Service) -> subprocess.CompletedProcess[str]:
    key = ("--master-key-file", str(service.folder / "master.key"))
    return _takeback(service, "key", "rotate", "--to", str(service.folder / "new.key"), *key)


def test_what_needs_a_stopped_service_is_refused_while_a_worker_lives_even_without_the_jobs(tmp_path: Path) -> None:
    with serving(tmp_path) as service:
        key = ("--master-key-file", str(tmp_path / "master.key"))
        for refused in (
            _rotate(service),
            _takeback(service, "upgrade"),
            _takeback(service, "restore", "--from", str(tmp_path), *key),
        ):
            assert (refused.returncode, refused.stdout) == (2, "")
            assert "A service runs on this data directory." in refused.stderr
            assert "Stop it" in refused.stderr
        # The jobs process dies, nothing starts it again, and its lease has run out: the worker still lives.
        os.kill(service.pid, signal.SIGSTOP)
        try:
            jobs, *workers = _forked(service)
            os.kill(jobs.pid, signal.SIGKILL)
            with closing(sqlite3.connect(service.data / "takeback.db", timeout=10)) as database:
                database.execute("delete from lease")
                database.commit()
            assert workers
            refused = _rotate(service)
            assert refused.returncode == 2
            assert "A service runs on this data directory." in refused.stderr
            assert not (tmp_path / "new.key").exists()
        finally:
            os.kill(service.pid, signal.SIGCONT)
    assert _rotate(service).returncode == 0
    assert _takeback(service, "upgrade").returncode == 0


def test_a_service_killed_at_once_leaves_no_lock(tmp_path: Path) -> None:
    service = Service(tmp_path)
    service.start()
    service.kill()
    assert _rotate(service).returncode == 0


def _open_files(pid: int) -> list[str]:
    found = []
    for file in os.listdir(f"/proc/{pid}/fd"):
        with suppress(FileNotFoundError):  # closed since it was listed
            found.append(os.readlink(f"/proc/{pid}/fd/{file}"))
    return found


def test_every_process_with_the_store_holds_the_lock_and_no_decoder_does(tmp_path: Path) -> None:
    with serving(tmp_path) as service:
        for process in [psutil.Process(service.pid), *_tree(service)]:
            holds = str(service.data / "serving.lock") in _open_files(process.pid)
            assert holds == ("sandbox" not in " ".join(process.cmdline()))


def test_a_second_service_on_the_same_data_is_possible(tmp_path: Path) -> None:
    with serving(tmp_path) as first:
        second = Service(tmp_path)
        second.start()
        assert _alive(first)
        assert _alive(second)
        assert second.stop() == 0


def test_a_service_whose_keys_are_lost_does_not_start_and_makes_no_new_ones(tmp_path: Path) -> None:
    with serving(tmp_path) as service:
        pass
    for file in service.data.glob("keys.db*"):
        file.unlink()
    done = _serve(tmp_path, "--master-key-file", str(tmp_path / "master.key"))
    assert done.returncode == 5
    assert "key store is missing" in done.stderr
    assert not list(service.data.glob("keys.db*"))


def test_a_law_that_is_not_known_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "takeback.toml").write_text('laws = ["atlantis-1"]')
    done = _serve(tmp_path, "--master-key-file", str(tmp_path / "master.key"))
    assert done.returncode == 2
    assert "atlantis-1" in done.stderr
    assert not (tmp_path / "master.key").exists()


def test_a_journal_on_the_disk_of_the_data_is_warned_of_once(tmp_path: Path) -> None:
    with serving(tmp_path):
        pass
    (tmp_path / "data" / "takeback.toml").write_text(f'journal_file = "{tmp_path / "apart.journal"}"')
    warned = (tmp_path / "service.log").read_text().count("loses both")
    with serving(tmp_path):
        pass
    assert (warned, (tmp_path / "service.log").read_text().count("loses both")) == (1, 1)
