"""`optionix serve` as a process: ready, asked, ended."""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import json
import secrets
import signal
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from optionix_tui.cli.boundary import run
from tests.server.serving import PATIENCE, Serving

MASTER = base64.b64encode(secrets.token_bytes(32)).decode()
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


Here = Callable[[tuple[str, ...], dict[str, str]], tuple[int, str]]
"""Arguments and settings to exit code and words, in this process: of a start that is refused."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    def refused(arguments: tuple[str, ...], environment: dict[str, str]) -> tuple[int, str]:
        monkeypatch.setenv("OPTIONIX_HOME", str(tmp_path))
        for name, value in environment.items():
            monkeypatch.setenv(f"OPTIONIX_SERVER_{name}", value)
        code = run(["serve", *arguments])
        return code, capsys.readouterr().err

    return refused


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    began = time.monotonic()
    with Serving(tmp_path_factory.mktemp("serve") / "home") as server:
        server.ready()
        assert server.client.get("/health").status_code == 200
        server.told["seconds"] = time.monotonic() - began
        yield server


def test_it_is_ready_soon_after_a_first_start_and_says_where(running: Serving) -> None:
    assert running.told["seconds"] < 10
    assert running.told["address"] == f"http://127.0.0.1:{running.told['port']}"
    assert (running.told["environment"], running.told["workers"]) == ("development", 1)


def test_the_published_paths_answer(running: Serving) -> None:
    document = running.client.get("/openapi.json").json()
    assert "/api/v2/health" in document["paths"]
    page = running.client.get("/docs")
    assert "<script" not in page.text
    assert "style-src 'sha256-" in page.headers["content-security-policy"]
    metrics = httpx.get(f"{running.told['address']}/metrics")
    assert 'optionix_http_requests_total{method="GET",route="/api/v2/docs",status="200"}' in metrics.text
    assert running.client.get("/users/me").status_code == 401


def test_people_sign_in_and_act(running: Serving) -> None:
    running.sign_in()
    me = running.client.get("/users/me").json()
    assert me["email"] == "trader@example.com"
    assert running.client.get("/portfolio/summary").status_code == 200


def test_the_log_has_a_line_for_each_request_and_no_secret(running: Serving) -> None:
    answer = running.client.get("/users/me?token=hunter2", headers={"Authorization": "Bearer hunter3"})
    assert answer.status_code == 401
    wanted = answer.headers["x-request-id"]
    until = time.monotonic() + PATIENCE
    while not (found := [line for line in running.log if line.get("request_id") == wanted]):
        assert time.monotonic() < until
    (line,) = found
    assert (line["route"], line["method"], line["level"]) == ("/api/v2/users/me", "GET", "info")
    assert "hunter" not in json.dumps(running.log)


def test_a_head_that_is_too_long_is_refused(running: Serving) -> None:
    answer = httpx.get(f"{running.told['address']}/api/v2/health", headers={"X-Long": "x" * 40_000})
    assert answer.status_code == 400
    many = httpx.get(f"{running.told['address']}/api/v2/health", headers={f"X-{n}": "1" for n in range(120)})
    assert many.status_code == 400


@posix
def test_keys_are_readable_by_their_owner_alone(running: Serving, tmp_path: Path) -> None:
    folder = Path(psutil.Process(running.process.pid).environ()["OPTIONIX_HOME"]) / "data" / "server"
    files = [file for file in (folder / "keys").iterdir() if file.suffix != ".lock"]
    assert files
    assert [file.name for file in files if file.stat().st_mode & 0o077] == []


def test_a_port_that_is_taken_is_named(here: Here) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, words = here(("--port", str(port)), {})
    assert code == 2
    assert f"--port {port} of 127.0.0.1 cannot be had" in words


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "words"),
    [
        (("--host", "0.0.0.0"), {}, 2, "this machine alone"),  # noqa: S104 - refused
        (("--workers", "2"), {}, 2, "cannot share SQLite"),
        (("--port", "70000"), {}, 1, "--port must be between 0 and 65535"),
        ((), {"ENVIRONMENT": "production"}, 2, "production needs TLS"),
        ((), {"ENVIRONMENT": "production", "TRUSTED_PROXIES": "10.0.0.0/8"}, 2, "MASTER_KEY_FILE"),
        ((), {"RATE": "3"}, 2, "OPTIONIX_SERVER_RATE is no setting"),
        ((), {"DATABASE_URL": "mysql://x/y"}, 2, "postgresql://"),
        ((), {"FEED": "nonsense"}, 2, "unknown feed 'nonsense'"),
    ],
)
def test_what_may_not_be_served_is_told_and_nothing_is_made(
    arguments: tuple[str, ...], environment: dict[str, str], code: int, words: str, here: Here, tmp_path: Path
) -> None:
    assert here(arguments, environment)[0] == code
    assert words in here(arguments, environment)[1]
    assert not (tmp_path / "data").exists()


def _hear_all(listening: ClientConnection) -> None:
    while True:
        listening.recv(timeout=PATIENCE)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--feed", "nonsense"), "unknown feed 'nonsense'"),
        (("--read-only",), "the flag of trading.read_only is for a workstation"),
        (("--theme", "light"), "the flag of terminal.theme is for a workstation"),
    ],
)
def test_flags_before_the_command_are_taken_or_refused(
    flags: tuple[str, ...],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("OPTIONIX_HOME", str(tmp_path))
    assert run([*flags, "serve"]) == 2
    assert words in capsys.readouterr().err


@posix
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_it_ends_once_what_is_in_flight_is_answered(number: int, code: int, tmp_path: Path) -> None:
    with Serving(tmp_path) as server:
        server.ready()
        server.sign_in()
        address = server.told["address"].replace("http", "ws", 1)
        token = server.client.headers["Authorization"]
        with connect(f"{address}/api/v2/ws", additional_headers={"Authorization": token}) as listening:
            begun = threading.Event()
            answers: list[int] = []

            def slow_request() -> None:
                """Its body comes in two pieces; between them the server is told to end."""
                with socket.create_connection(("127.0.0.1", server.told["port"]), PATIENCE) as raw:
                    body = json.dumps(PRICE).encode()
                    head = (
                        f"POST /api/v2/options/price HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n"
                        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                    )
                    raw.sendall(head.encode() + body[:10])
                    begun.set()
                    closing.wait(PATIENCE)
                    raw.sendall(body[10:])
                    answers.append(int(raw.recv(100).split()[1]))

            closing = threading.Event()
            asking = threading.Thread(target=slow_request)
            asking.start()
            assert begun.wait(PATIENCE)
            server.client.get("/health")  # behind it the first piece has arrived
            server.signal(number)
            with pytest.raises(ConnectionClosed) as ended:
                _hear_all(listening)
            closing.set()
            asking.join(PATIENCE)
            assert answers == [200]
            assert ended.value.rcvd is not None
            assert ended.value.rcvd.code == 1012
        assert server.process.wait(PATIENCE) == code


PRICE = {
    "spot_price": 100.0,
    "strike_price": 105.0,
    "time_to_expiry": 0.5,
    "risk_free_rate": 0.03,
    "volatility": 0.2,
    "option_type": "call",
}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Of 127.0.0.1, signed by itself; its key beside it."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    today = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"


def test_production_serves_tls_of_today_alone(certificate: tuple[Path, Path], tmp_path: Path) -> None:
    secret = tmp_path / "master"
    secret.write_text(MASTER)
    environment = {
        "ENVIRONMENT": "production",
        "TLS_CERTIFICATE": str(certificate[0]),
        "TLS_KEY": str(certificate[1]),
        "MASTER_KEY_FILE": str(secret),
        "SHUTDOWN_SECONDS": "600",
    }
    trusting = ssl.create_default_context(cafile=str(certificate[0]))
    with Serving(tmp_path / "home", environment=environment, verify=trusting) as server:
        server.ready()
        answer = server.client.get("/health")
        assert answer.status_code == 200
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        shown = {"email": "a@example.com", "password": "seventeen green parrots", "full_name": "A"}
        assert server.client.post("/auth/register", json=shown).status_code == 403
        older = ssl.create_default_context(cafile=str(certificate[0]))
        older.maximum_version = ssl.TLSVersion.TLSv1_2
        with socket.create_connection(("127.0.0.1", server.told["port"]), PATIENCE) as raw, pytest.raises(ssl.SSLError):
            older.wrap_socket(raw, server_hostname="127.0.0.1")
        if sys.platform != "win32":
            assert server.end() == 0  # long before its time for requests is over: an idle connection is not waited for


def test_a_key_of_another_certificate_is_named(certificate: tuple[Path, Path], here: Here) -> None:
    code, words = here((), {"TLS_CERTIFICATE": str(certificate[0]), "TLS_KEY": str(certificate[0])})
    assert code == 2
    assert "TLS_KEY cannot be used" in words


@posix
def test_workers_share_the_port_the_database_and_their_metrics(
    fresh_postgres_url: str, redis_url: str, tmp_path: Path
) -> None:
    environment = {"DATABASE_URL": fresh_postgres_url, "REDIS_URL": redis_url, "RATE_STANDARD": "100000"}
    with Serving(tmp_path, "--workers", "2", environment=environment) as server:
        server.ready()
        server.sign_in()
        for _ in range(40):  # a new connection each, so that both workers are asked
            answer = httpx.get(f"{server.client.base_url}users/me", headers=dict(server.client.headers))
            assert answer.status_code == 200
        told = httpx.get(f"{server.told['address']}/metrics").text
        assert 'optionix_http_requests_total{method="GET",route="/api/v2/users/me",status="200"} 40.0' in told
        health = server.client.get("/health").json()
        assert (health["checks"]["cache"]["state"], health["checks"]["database"]["kind"]) == ("redis", "postgresql")
        workers = psutil.Process(server.process.pid).children(recursive=True)
        assert server.end() == 0
        assert psutil.wait_procs(workers, PATIENCE)[1] == []


@posix
def test_workers_end_with_a_supervisor_that_was_killed(fresh_postgres_url: str, tmp_path: Path) -> None:
    with Serving(tmp_path, "--workers", "2", environment={"DATABASE_URL": fresh_postgres_url}) as server:
        server.ready()
        workers = psutil.Process(server.process.pid).children(recursive=True)
        assert len(workers) >= 2
        server.signal(signal.SIGKILL)
        assert psutil.wait_procs(workers, PATIENCE)[1] == []
