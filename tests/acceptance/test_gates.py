"""Each gate, asked by programs that are not ours: clamdscan, c-icap's client, nginx, Caddy; a real clamd behind."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import httpx2
import psutil
import pytest
from PIL import Image
from tests.acceptance.serving import Service, free_port
from tests.house import drawn, tiled

from takeback.gates.icap import PREVIEW_BYTES
from takeback.gates.screener import COUNT_SECONDS

pytestmark = pytest.mark.slow

SOCKETS = Path(tempfile.gettempdir())
"""Where sockets of tests lie: a path of more than 107 bytes is none."""
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def needs(*programs: str) -> pytest.MarkDecorator:
    """Skip, and say so, where a peer is not installed; `.ci/run` installs them all."""
    missing = [each for each in programs if shutil.which(each) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


def file_of(seed: int, *, edited: bool = False) -> bytes:
    """A drawn picture, 1 of another kind than the others; `edited`: larger, and saved with loss."""
    picture = Image.fromarray(drawn(seed) if seed == 1 else tiled(seed))
    out = BytesIO()
    if edited:
        picture.resize((400, 320)).save(out, "JPEG", quality=60)
    else:
        picture.save(out, "PNG")
    return out.getvalue()


class Platform:
    """A platform behind a proxy, which keeps what reaches it."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        platform = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                platform.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Length", "4")
                self.end_headers()
                self.wfile.write(b"kept")

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = int(self.server.server_address[1])
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class House:
    """A service with every gate, which knows the picture 1, and uploads in a folder."""

    def __init__(self, folder: Path, *, clamd: str = "", before: str = "") -> None:
        self.folder = folder
        self.uploads = folder / "uploads"
        self.uploads.mkdir(parents=True)
        self.ports = {name: free_port() for name in ("clamd", "icap", "pictrs", "subrequest")}
        gates = {name: f"127.0.0.1:{port}" for name, port in self.ports.items()}
        gates["clamd"] += f" path={self.uploads} {clamd}"
        self.socket = SOCKETS / f"takeback-{os.getpid()}-{free_port()}.sock"
        self.behind, self.ports["onward"] = Platform(), free_port()
        options = [part for name, line in gates.items() for part in (f"--{name}", line.strip())]
        options += ["--subrequest", f"127.0.0.1:{self.ports['onward']} onward=127.0.0.1:{self.behind.port}"]
        self.service = Service(folder / "service", *options, "--clamd", f"unix:{self.socket}")
        self.put("edited.jpg", file_of(1, edited=True))
        self.put("other.png", file_of(2))
        self.put("third.png", file_of(3) + bytes(20_000))
        self.put("letter.txt", b"Dear reader,\n")
        self.put("empty.png", b"")

    def put(self, name: str, data: bytes) -> Path:
        path = self.uploads / name
        path.write_bytes(data)
        return path

    def start(self) -> None:
        self.service.start()
        headers = self.service.headers("administrator")
        url = self.service.url
        assert httpx2.post(f"{url}/api/v1/banks", headers=headers, json={"name": "known"}).status_code == 201
        picture = self.folder / "reported.png"
        picture.write_bytes(file_of(1))
        key = self.folder / "admin.key"
        key.write_text(self.service.keys["administrator"])
        key.chmod(0o600)
        command = [
            *(sys.executable, "-m", "takeback", "bank", "add", "known", str(picture), "--source", "test"),
            *("--server", url, "--key-file", str(key)),
        ]
        subprocess.run(command, check=True, capture_output=True)

    @property
    def gates(self) -> psutil.Process:
        """The process that serves them: the one child of the supervisor that listens on the gate's port."""
        for process in psutil.Process(self.service.pid).children():
            if any(each.laddr and each.laddr.port == self.ports["icap"] for each in process.net_connections("tcp")):
                return process
        raise AssertionError("no process serves the gates")

    def counted(self) -> dict[str, float]:
        """What the metrics say of the gates, by gate, space and finding."""
        text = httpx2.get(f"{self.service.url}/metrics", headers=self.service.headers("auditor")).text
        lines = [line for line in text.splitlines() if line.startswith("takeback_gate_uploads_total{")]
        found = {}
        for line in lines:
            labels, _, value = line.removeprefix("takeback_gate_uploads_total{").partition("} ")
            found[" ".join(part.split("=")[1].strip('"') for part in labels.split(","))] = float(value)
        return found


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with housing(tmp_path_factory.mktemp("gates")) as found:
        yield found


@contextmanager
def housing(folder: Path, *, clamd: str = "") -> Iterator[House]:
    found = House(folder, clamd=clamd)
    found.start()
    try:
        yield found
    finally:
        found.service.stop()


# clamd


def clamdscan_config(folder: Path, where: str) -> Path:
    path = folder / "clamdscan.conf"
    path.write_text(f"{where}\nStreamMaxLength 60M\n")
    return path


def clamdscan(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["clamdscan", f"--config-file={config}", "--no-summary", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@needs("clamdscan")
@pytest.mark.parametrize("options", [["--stream"], []], ids=["streamed", "by path"])
def test_clamdscan_is_told_of_the_edited_copy_and_of_nothing_else(house: House, options: list[str]) -> None:
    config = clamdscan_config(house.folder, f"TCPSocket {house.ports['clamd']}\nTCPAddr 127.0.0.1")
    done = clamdscan(config, *options, *(str(house.uploads / name) for name in ("other.png", "letter.txt")))
    assert done.returncode == 0, done.stdout + done.stderr
    done = clamdscan(config, *options, str(house.uploads))
    assert done.returncode == 1
    found = [line for line in done.stdout.splitlines() if line.endswith("FOUND")]
    assert found == [f"{house.uploads}/edited.jpg: Takeback.Refused FOUND"]


@needs("clamdscan")
def test_clamdscan_asks_over_a_unix_socket_too(house: House) -> None:
    config = clamdscan_config(house.folder, f"LocalSocket {house.socket}")
    done = clamdscan(config, "--stream", str(house.uploads / "edited.jpg"))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Takeback.Refused FOUND" in done.stdout
    assert "ClamAV" in clamdscan(config, "--version").stdout
    # Its line names no folder, so no path is looked at.
    done = clamdscan(config, str(house.uploads / "other.png"))
    assert done.returncode == 2
    assert "ERROR" in done.stdout
    assert house.socket.stat().st_mode & 0o777 == 0o660


# ICAP


def icap(house: House, path: Path, *options: str) -> tuple[str, bytes]:
    """What c-icap's client says of a file, and the body that it was sent back."""
    back = house.folder / "back"
    back.unlink(missing_ok=True)
    command = [
        *("c-icap-client", "-i", "127.0.0.1", "-p", str(house.ports["icap"]), "-s", "avscan", "-v"),
        *("-f", str(path), "-o", str(back), *options),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout + done.stderr, back.read_bytes() if back.exists() else b""


@needs("c-icap-client")
def test_the_icap_client_is_told_what_the_service_does(house: House) -> None:
    command = ["c-icap-client", "-i", "127.0.0.1", "-p", str(house.ports["icap"]), "-s", "avscan", "-v"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    told = done.stdout + done.stderr
    assert "Preview: 4096" in told.replace("=", ": ") or "4096" in told
    assert "204" in told


@needs("c-icap-client")
@pytest.mark.parametrize("mode", [["-method", "RESPMOD"], ["-method", "REQMOD", "-req", "http://shop.example/upload"]])
@pytest.mark.parametrize("preview", [["-nopreview"], []])
@pytest.mark.parametrize("unchanged", [["-no204"], []])
def test_over_icap_the_edited_copy_is_replaced_and_the_rest_comes_through(
    house: House, mode: list[str], preview: list[str], unchanged: list[str]
) -> None:
    told, back = icap(house, house.uploads / "edited.jpg", *mode, *preview, *unchanged)
    assert b"shared without their agreement" in back, told
    assert "Takeback.Refused" in told
    assert not any(word in told + back.decode() for word in ("identical", "substantially"))
    for name in ("other.png", "letter.txt", "third.png"):
        told, back = icap(house, house.uploads / name, *mode, *preview, *unchanged)
        # What is shorter than the preview may always be said to be unchanged (RFC 3507, section 4.5).
        is_previewed = not preview and (house.uploads / name).stat().st_size < PREVIEW_BYTES
        if unchanged and not is_previewed:
            assert back == (house.uploads / name).read_bytes(), told
        else:
            assert "204 No content" in told, told


# nginx, Caddy, and pict-rs


NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
    access_log off; client_max_body_size 60m;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    server {{
        listen 127.0.0.1:{port};
{locations}
    }}
}}
"""


def nginx_locations(gate: int, platform: int) -> str:
    """The very lines of docs/gates.md, with the ports of this test."""
    page = (Path(__file__).parents[2] / "docs" / "gates.md").read_text()
    block = page.split("```nginx\n")[1].split("```")[0]
    return block.replace("127.0.0.1:8471", f"127.0.0.1:{gate}").replace("127.0.0.1:3000", f"127.0.0.1:{platform}")


@contextmanager
def proxied(folder: Path, gate: int, platform: int) -> Iterator[str]:
    folder.mkdir()
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port, locations=nginx_locations(gate, platform)))
    nginx = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(config)], stderr=subprocess.PIPE)
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        nginx.terminate()
        nginx.wait(10)
        if nginx.stderr is not None:
            nginx.stderr.close()


def _wait_for(port: int, seconds: float = 20) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on {port}")


@needs("nginx")
def test_nginx_lets_through_only_what_may_pass_and_the_platform_gets_it_unchanged(house: House) -> None:
    platform = Platform()
    with proxied(house.folder / "nginx", house.ports["subrequest"], platform.port) as url:
        files = {"file": ("a.jpg", file_of(1, edited=True), "image/jpeg")}
        refused = httpx2.post(f"{url}/api/v2/media", files=files, data={"description": "a lake"})
        assert refused.status_code == 422
        assert "without their agreement" in refused.json()["error"]
        assert platform.bodies == []
        page = httpx2.post(f"{url}/api/v2/media", files=files, headers={"Accept": "text/html", "Accept-Language": "de"})
        assert "ohne seine Zustimmung" in page.text
        # A picture that may pass, beside words.
        other = {"file": ("b.png", file_of(2), "image/png")}
        passed = httpx2.post(f"{url}/api/v2/media", files=other, data={"description": "a lake"})
        assert (passed.status_code, passed.text) == (200, "kept")
        assert file_of(2) in platform.bodies[0]
        assert b"a lake" in platform.bodies[0]
        # What is no upload is not asked about.
        assert httpx2.post(f"{url}/api/v1/statuses", json={"status": "hello"}).text == "kept"
        # The gate is away: the platform goes on, as the configuration says.
        os.kill(house.gates.pid, signal.SIGSTOP)
        try:
            assert httpx2.post(f"{url}/api/v2/media", files=files, timeout=60).text == "kept"
        finally:
            os.kill(house.gates.pid, signal.SIGCONT)


CADDY = """
{{
    admin off
    auto_https off
}}
http://127.0.0.1:{port} {{
{site}
}}
"""


@contextmanager
def behind_caddy(folder: Path, gate: int, platform: int) -> Iterator[str]:
    """Caddy with the very lines of docs/gates.md, and the ports of this test."""
    folder.mkdir()
    port = free_port()
    page = (Path(__file__).parents[2] / "docs" / "gates.md").read_text()
    site = page.split("```caddyfile\n")[1].split("```")[0]
    site = site.replace("127.0.0.1:8471", f"127.0.0.1:{gate}").replace("127.0.0.1:3000", f"127.0.0.1:{platform}")
    config = folder / "Caddyfile"
    config.write_text(CADDY.format(port=port, site=site))
    command = ["caddy", "run", "--config", str(config), "--adapter", "caddyfile"]
    environment = os.environ | {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    caddy = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment)
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        caddy.terminate()
        caddy.wait(10)


@needs("caddy")
def test_caddy_sends_uploads_through_the_gate_and_the_platform_gets_them_unchanged(house: House) -> None:
    platform = house.behind
    platform.bodies.clear()
    with behind_caddy(house.folder / "caddy", house.ports["onward"], platform.port) as url:
        files = {"file": ("a.jpg", file_of(1, edited=True), "image/jpeg")}
        refused = httpx2.post(f"{url}/api/v2/media", files=files, data={"description": "a lake"})
        assert refused.status_code == 422
        assert "without their agreement" in refused.json()["error"]
        assert platform.bodies == []
        other = {"file": ("b.png", file_of(2), "image/png")}
        passed = httpx2.post(f"{url}/api/v1/media", files=other, data={"description": "a lake"})
        assert (passed.status_code, passed.text) == (200, "kept")
        assert file_of(2) in platform.bodies[0]
        assert b"a lake" in platform.bodies[0]
        # What is no upload does not come through the gate.
        big = httpx2.post(f"{url}/api/v1/statuses", content=file_of(1, edited=True))
        assert (big.text, len(platform.bodies)) == ("kept", 2)
    # Nothing listens where the gate was: one upload fails by that, and the platform goes on, as the page says.
    with behind_caddy(house.folder / "caddy-alone", free_port(), platform.port) as url:
        assert httpx2.post(f"{url}/api/v2/media", files=files, timeout=60).status_code == 502
        for _ in range(3):
            assert httpx2.post(f"{url}/api/v2/media", files=files, timeout=60).text == "kept"


@needs("caddy")
def test_caddy_sends_no_body_with_a_sub_request(house: House) -> None:
    """Why docs/gates.md does not use `forward_auth`: a refused picture would pass, since nobody sees it."""
    folder = house.folder / "caddy-auth"
    folder.mkdir()
    port = free_port()
    gate = f"forward_auth 127.0.0.1:{house.ports['subrequest']} {{\n uri /\n }}\n"
    site = f"{gate} reverse_proxy 127.0.0.1:{house.behind.port}"
    (folder / "Caddyfile").write_text(CADDY.format(port=port, site=site))
    adapted = subprocess.run(
        ["caddy", "adapt", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert '"rewrite":{"method":"GET"' in adapted


def test_pictrs_is_answered_by_status(house: House) -> None:
    url = f"http://127.0.0.1:{house.ports['pictrs']}/validate"
    types = {"Content-Type": "image/jpeg"}
    assert httpx2.post(url, content=file_of(1, edited=True), headers=types).status_code == 422
    assert httpx2.post(url, content=file_of(2), headers={"Content-Type": "image/png"}).status_code == 204


# What was found is counted; an antivirus may stand behind


def test_what_was_found_is_counted_and_nothing_else(house: House) -> None:
    url = f"http://127.0.0.1:{house.ports['pictrs']}/"
    time.sleep(COUNT_SECONDS + 1)  # what other tests sent is written down
    before = house.counted()
    httpx2.post(url, content=file_of(1, edited=True))
    httpx2.post(url, content=file_of(2))
    httpx2.post(url, content=file_of(2)[:400])
    httpx2.post(url, content=b"Dear reader,\n")
    grown: dict[str, float] = {}
    ends = time.monotonic() + 15
    while time.monotonic() < ends and len(grown) < 4:
        time.sleep(0.2)
        grown = {name: count - before.get(name, 0) for name, count in house.counted().items() if "pictrs" in name}
        grown = {name: count for name, count in grown.items() if count}
    names = ("refused", "no_match", "unjudged", "other_file")
    assert grown == {f"{name} pictrs public": 1.0 for name in names}


@contextmanager
def real_clamd(folder: Path) -> Iterator[Path]:
    """ClamAV's daemon with one signature of our own: that of the EICAR test file."""
    signatures = folder / "signatures"
    signatures.mkdir(parents=True)
    (signatures / "test.ndb").write_text(f"Eicar-Test-Signature:0:*:{EICAR.hex()}\n")
    where = SOCKETS / f"clamd-{os.getpid()}-{free_port()}.sock"
    config = folder / "clamd.conf"
    config.write_text(
        f"DatabaseDirectory {signatures}\nLocalSocket {where}\nForeground yes\nUser root\nSelfCheck 3600\n"
        f"LogFile {folder}/clamd.log\n"
    )
    clamd = subprocess.Popen(["clamd", "-c", str(config)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        ends = time.monotonic() + 60
        while not where.exists() and time.monotonic() < ends and clamd.poll() is None:
            time.sleep(0.1)
        assert where.exists(), clamd.stdout and clamd.stdout.read()
        yield where
    finally:
        clamd.terminate()
        clamd.wait(20)
        if clamd.stdout is not None:
            clamd.stdout.close()
        where.unlink(missing_ok=True)


@needs("clamd", "clamdscan")
def test_with_an_antivirus_behind_both_find_what_is_theirs(tmp_path: Path) -> None:
    with real_clamd(tmp_path / "av") as where, housing(tmp_path / "house", clamd=f"behind=unix:{where}") as house:
        house.put("eicar.com", EICAR)
        config = clamdscan_config(house.folder, f"TCPSocket {house.ports['clamd']}\nTCPAddr 127.0.0.1")
        done = clamdscan(config, "--stream", str(house.uploads))
        found = sorted(line for line in done.stdout.splitlines() if line.endswith("FOUND"))
        assert found == [
            f"{house.uploads}/edited.jpg: Takeback.Refused FOUND",
            f"{house.uploads}/eicar.com: Eicar-Test-Signature.UNOFFICIAL FOUND",
        ]
        assert "ClamAV 1." in clamdscan(config, "--version").stdout


@needs("clamd", "clamdscan")
def test_an_antivirus_that_is_gone_is_never_taken_for_clean(tmp_path: Path) -> None:
    gone = tmp_path / "gone.sock"
    with housing(tmp_path / "house", clamd=f"behind=unix:{gone}") as house:
        config = clamdscan_config(house.folder, f"TCPSocket {house.ports['clamd']}\nTCPAddr 127.0.0.1")
        done = clamdscan(config, "--stream", str(house.uploads / "other.png"))
        assert done.returncode == 2
        assert "could not be asked" in done.stdout
        done = clamdscan(config, "--stream", str(house.uploads / "edited.jpg"))
        assert "Takeback.Refused FOUND" in done.stdout
