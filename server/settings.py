"""What an operator sets, from `OPTIONIX_SERVER_*` variables; a value may also lie in the file that `..._FILE` names.

Everything has a default in development. In production what protects something has none, see `server.surroundings`.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from optionix_core.errors import ConfigurationError
from server.auth.identity import Role

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

PREFIX = "OPTIONIX_SERVER_"
FILE_SUFFIX = "_FILE"


class Environment(StrEnum):
    """How strict the server is about its surroundings."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class ServerSettings(BaseSettings):
    """Settings of one server; unknown names are refused."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, hide_input_in_errors=True)

    environment: Environment = Environment.DEVELOPMENT
    """`development` or `production`, where nothing that protects is assumed."""
    data_folder: Path = Path()
    """Where an embedded database, keys and exported heads lie; set by the command that starts the server."""
    host: str = "127.0.0.1"
    """Address to listen on; in development of this machine alone."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """Port to listen on; 0: any free one."""
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    """Processes; several need a PostgreSQL, and share limits by a Redis alone."""
    database_url: SecretStr | None = None
    """`postgresql://user:password@host/name`; SQLite in `data_folder` where absent."""
    replica_url: SecretStr | None = None
    """A read replica of it."""
    database_connections: Annotated[int, Field(ge=4, le=1000)] = 20
    """At most, of a worker to its PostgreSQL: this many for requests, and as many for locks."""
    database_pooler: bool = False
    """A pooler in transaction mode (PgBouncer) stands before the database."""
    quote_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """For how long quotes are kept once bars are made of them."""
    redis_url: SecretStr | None = None
    """`redis://host:6379/0`; what it would hold is kept in process where absent."""
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    """Certificate chain and its key in PEM; TLS 1.3 is then spoken and nothing older."""
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    """Addresses whose X-Forwarded-For and -Proto are believed, such as `10.0.0.0/8`."""
    self_registration: bool | None = None
    """Whether anybody may register; None: in development only."""
    second_factor: Annotated[tuple[Role, ...], NoDecode] = ()
    """Roles that need a second factor, such as `admin,compliance_officer`, or `all`: who has none may only enrol."""
    access_token_seconds: Annotated[int, Field(ge=30, le=3600)] = 900
    """How long an access token is believed."""
    refresh_token_days: Annotated[int, Field(ge=1, le=90)] = 30
    """How long a session lasts."""
    lease_hours: Annotated[float, Field(gt=0, le=168)] = 24.0
    """For how long a device may trade on a server's account without having asked."""
    rate_standard: Annotated[int, Field(ge=1)] = 100
    rate_premium: Annotated[int, Field(ge=1)] = 1_000
    rate_enterprise: Annotated[int, Field(ge=1)] = 10_000
    """Requests a minute by tier; who is not signed in has the standard ones, by address."""
    rate_login: Annotated[int, Field(ge=1)] = 60
    """Logins and registrations a minute from one address; counted before a password is hashed."""
    rate_health: Annotated[int, Field(ge=1)] = 1_200
    """Looks at health and metrics a minute from one address."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """`info` has a line for each request."""
    shutdown_seconds: Annotated[int, Field(ge=1, le=600)] = 20
    """For how long requests in flight may go on once the server is told to end."""
    body_bytes: Annotated[int, Field(ge=1024)] = 4 << 20
    """The longest body, after its compression was undone."""
    key_source: Literal["file", "keyring", "kms"] = "file"
    """Where the key that wraps data keys comes from."""
    master_key: SecretStr | None = None
    """32 bytes in base64; with `key_source=file` made once in development."""
    token_key: SecretStr | None = None
    """Ed25519 private key in PEM that signs access tokens; made once in development."""
    feed: str = "sim"
    seed: int = 20
    session: Literal["continuous", "exchange"] = "continuous"
    """The feed that the server's venue trades on, as in the settings of the workstation."""
    breach_list: Path | None = None
    """A file of passwords that were published, one a line, or of their SHA-1 digests."""

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        """Addresses and networks, separated by commas."""
        if not isinstance(value, str):
            return value
        return tuple(str(ipaddress.ip_network(part.strip())) for part in value.split(",") if part.strip())

    @field_validator("second_factor", mode="before")
    @classmethod
    def _roles(cls, value: object) -> object:
        """Roles, separated by commas, or all."""
        if not isinstance(value, str):
            return value
        names = [part.strip() for part in value.split(",") if part.strip()]
        return tuple(Role) if names == ["all"] else tuple(names)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given in code, then variables, then the files that variables name."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, _FileVariables(settings_cls)

    @property
    def in_production(self) -> bool:
        """Whether weak surroundings are refused."""
        return self.environment is Environment.PRODUCTION

    @property
    def registration_open(self) -> bool:
        """Whether anybody may register."""
        return not self.in_production if self.self_registration is None else self.self_registration


class _FileVariables(PydanticBaseSettingsSource):
    """Values in the files that `OPTIONIX_SERVER_..._FILE` name, as container platforms mount secrets."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The file's text without its last line end. ConfigurationError names the variable."""
        del field
        name = f"{PREFIX}{field_name.upper()}"
        path = os.environ.get(name + FILE_SUFFIX)
        if path is None:
            return None, field_name, False
        if name in os.environ:
            raise ConfigurationError(f"{name} and {name}{FILE_SUFFIX} are both set: give one of them")
        try:
            text = Path(path).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise ConfigurationError(f"{name}{FILE_SUFFIX} names {path}, which cannot be read: {reason}") from None
        if not text.strip():
            raise ConfigurationError(f"{name}{FILE_SUFFIX} names {path}, which is empty")
        return text.rstrip("\r\n"), field_name, False

    def __call__(self) -> dict[str, Any]:
        """All of them."""
        found = ((name, self.get_field_value(field, name)[0]) for name, field in self.settings_cls.model_fields.items())
        return {name: value for name, value in found if value is not None}


def load_settings(
    given: Mapping[str, object] | None = None, defaults: Mapping[str, object] | None = None
) -> ServerSettings:
    """Settings from `given`, variables, files, `defaults`. ConfigurationError names the variable, never a secret."""
    known = {f"{PREFIX}{name.upper()}{end}" for name in ServerSettings.model_fields for end in ("", FILE_SUFFIX)}
    unknown = sorted(name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known)
    if unknown:
        raise ConfigurationError(f"{unknown[0]} is no setting of the server; docs/server/running.md lists them")
    values = dict(given or {})
    for name, value in (defaults or {}).items():
        if not any(f"{PREFIX}{name.upper()}{end}" in os.environ for end in ("", FILE_SUFFIX)):
            values.setdefault(name, value)
    try:
        return ServerSettings(**values)  # type: ignore[arg-type] # checked by the model
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = PREFIX + "_".join(map(str, first["loc"][:1])).upper()
        raise ConfigurationError(f"{name}: {first['msg'][:1].lower()}{first['msg'][1:]}") from None
