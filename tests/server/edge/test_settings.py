"""Settings come from variables and files, and a server that would be open or weak does not start."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

import pytest

from optionix_core.errors import ConfigurationError
from server import serving, surroundings
from server.auth.identity import Role
from server.settings import ServerSettings, load_settings

STRONG = base64.b64encode(secrets.token_bytes(32)).decode()
NAME = "OPTIONIX_SERVER_DATABASE_URL"
SECRET = "postgresql://user:hunter2@host/name"  # noqa: S105 - of no database


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("OPTIONIX_SERVER_"):
            monkeypatch.delenv(name)


def test_a_value_may_lie_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "url"
    file.write_bytes(SECRET.encode() + b"\r\n")
    monkeypatch.setenv(NAME + "_FILE", str(file))
    found = load_settings()
    assert found.database_url is not None
    assert found.database_url.get_secret_value() == SECRET
    assert "hunter2" not in repr(found)


def test_a_variable_and_its_file_exclude_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "url").write_text(SECRET)
    monkeypatch.setenv(NAME, SECRET)
    monkeypatch.setenv(NAME + "_FILE", str(tmp_path / "url"))
    with pytest.raises(ConfigurationError, match=f"{NAME} and {NAME}_FILE are both set"):
        load_settings()


@pytest.mark.parametrize(
    ("content", "why"), [(None, "cannot be read"), (b" \n", "is empty"), (b"\xff\xfe", "is not UTF-8")]
)
def test_a_file_that_is_of_no_use_is_named(
    content: bytes | None, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "url"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv(NAME + "_FILE", str(file))
    with pytest.raises(ConfigurationError, match=f"{NAME}_FILE names .*{why}"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("PORT", "70000", "OPTIONIX_SERVER_PORT: input should be less than or equal to 65535"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, proxy", "OPTIONIX_SERVER_TRUSTED_PROXIES: .*'proxy'"),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "OPTIONIX_SERVER_TRUSTED_PROXIES: .*host bits"),
        ("SECOND_FACTOR", "admin,boss", "OPTIONIX_SERVER_SECOND_FACTOR: .*'compliance_officer'"),
        ("ENVIRONMENT", "prod", "OPTIONIX_SERVER_ENVIRONMENT: "),
        ("PROT", "80", "OPTIONIX_SERVER_PROT is no setting"),
    ],
)
def test_what_is_wrong_is_named(name: str, value: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"OPTIONIX_SERVER_{name}", value)
    with pytest.raises(ConfigurationError, match=why):
        load_settings()


@pytest.mark.parametrize(
    ("value", "roles"),
    [("all", tuple(Role)), ("admin, compliance_officer", (Role.ADMIN, Role.COMPLIANCE_OFFICER)), ("", ())],
)
def test_a_second_factor_is_demanded_of_roles_or_of_all(
    value: str, roles: tuple[Role, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPTIONIX_SERVER_SECOND_FACTOR", value)
    assert load_settings().second_factor == roles


def test_flags_win_over_variables_and_variables_over_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTIONIX_SERVER_PORT", "9000")
    monkeypatch.setenv("OPTIONIX_SERVER_TRUSTED_PROXIES", "10.0.0.0/8, fd00::/8")
    assert load_settings({"port": 9001}).port == 9001
    assert load_settings(defaults={"port": 9002}).port == 9000
    assert load_settings(defaults={"data_folder": Path("there")}).data_folder == Path("there")
    assert load_settings().trusted_proxies == ("10.0.0.0/8", "fd00::/8")


def settings(tmp_path: Path, **more: object) -> ServerSettings:
    return ServerSettings(data_folder=tmp_path, **more)  # type: ignore[arg-type]


def test_workers_have_the_settings_of_the_command_that_started_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "seed").write_text("3")
    monkeypatch.setattr(os, "environ", {"OPTIONIX_SERVER_SEED_FILE": str(tmp_path / "seed"), NAME: SECRET})
    flags = {"feed": "replay:day.jsonl", "seed": 7, "host": "127.0.0.2", "workers": 2}
    settings = load_settings(given=flags, defaults={"data_folder": tmp_path})
    serving.tell_workers(settings)
    assert load_settings() == settings


def test_development_listens_on_loopback_alone(tmp_path: Path) -> None:
    for host in ("127.0.0.1", "localhost", "::1", "[::1]", "127.8.8.8"):
        surroundings.check(settings(tmp_path, host=host))
    for host in ("0.0.0.0", "::", "192.168.1.5"):  # noqa: S104 - refused
        with pytest.raises(ConfigurationError, match="this machine alone"):
            surroundings.check(settings(tmp_path, host=host))
    with pytest.raises(ConfigurationError, match="--host must be localhost or an IP address"):
        surroundings.check(settings(tmp_path, host="example.com"))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"trusted_proxies": ()}, "production needs TLS"),
        ({"trusted_proxies": ("0.0.0.0/0",)}, "trusts everybody"),
        ({"trusted_proxies": ("10.0.0.0/8", "::/0")}, "trusts everybody"),
        ({"master_key": None}, "production needs OPTIONIX_SERVER_MASTER_KEY_FILE"),
        ({"master_key": base64.b64encode(b"a" * 32).decode()}, "weak"),
        ({"master_key": base64.b64encode(bytes(range(32))).decode()}, "weak"),
        ({"master_key": base64.b64encode(b"short").decode()}, "32 bytes"),
        ({"tls_certificate": Path("none.pem")}, "go together"),
        ({"tls_certificate": Path("none.pem"), "tls_key": Path("none.key")}, "names none.pem, which is no file"),
        ({"workers": 2}, "2 workers cannot share SQLite"),
    ],
)
def test_production_needs_what_protects_it(change: dict[str, object], why: str, tmp_path: Path) -> None:
    safe: dict[str, object] = {
        "environment": "production",
        "host": "0.0.0.0",  # noqa: S104 - behind a proxy
        "trusted_proxies": ("10.0.0.0/8",),
        "master_key": STRONG,
    }
    surroundings.check(settings(tmp_path, **safe))
    with pytest.raises(ConfigurationError, match=why):
        surroundings.check(settings(tmp_path, **{**safe, **change}))
    assert not list(tmp_path.iterdir())


def test_registration_is_closed_in_production_unless_it_is_opened(tmp_path: Path) -> None:
    assert settings(tmp_path).registration_open
    assert not settings(tmp_path, environment="production").registration_open
    assert settings(tmp_path, environment="production", self_registration=True).registration_open
    assert not settings(tmp_path, self_registration=False).registration_open


def test_workers_may_share_a_postgresql(tmp_path: Path) -> None:
    surroundings.check(settings(tmp_path, workers=2, database_url=SECRET))
