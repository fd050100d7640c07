"""Connections to PostgreSQL: how they are made, what a transaction begins with, and what their errors mean.

Time limits, the role and the user whose rows are seen are settings of the session, or of each transaction where a
pooler in transaction mode hands sessions from one to another.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, make_url

from optionix_core.errors import ConfigurationError, DeadlineError, IntegrityError, OptionixError, StorageError

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

APP_ROLE: Final = "optionix_app"
"""The role that requests run as, made by the migrations: no owner of the tables, so that their walls hold for it."""
USER_SETTING: Final = "optionix.acting"
"""Whose rows are seen: a user's id, or SERVER. Where it is not set no row of a user is seen."""
SERVER: Final = "server"

STATEMENT_SECONDS: Final = 15
IDLE_SECONDS: Final = 60
"""For which a transaction may wait for its client."""
CONNECT_SECONDS: Final = 5
SILENCE_SECONDS: Final = 15
"""Of a network that answers nothing, until a connection counts as lost."""
_KEPT: Final = 10
"""Connections that stay open at least."""
_FRESH: Final = 1.0
"""Seconds for which a connection that was used is trusted without asking it."""

UNDONE: Final = frozenset({"40001", "40P01"})
"""SQLSTATE of a serialization failure and of a deadlock: nothing was done."""
LOCKED: Final = "55P03"
_TOO_LONG: Final = frozenset({LOCKED, "57014", *UNDONE})
"""A lock or a statement took longer than allowed."""
_UNABLE: Final = ("08", "53", "57", "58")
"""Classes of a lost connection, missing resources, an operator's hand, an error of the system."""


def checked(url: str) -> URL:
    """`url` in parts. ConfigurationError for what is no address of PostgreSQL; the address is not told."""
    try:
        address = make_url(url)
    except exc.ArgumentError:
        raise ConfigurationError("the database's address must be postgresql://USER:PASSWORD@HOST/NAME") from None
    if address.get_backend_name() != "postgresql":
        raise ConfigurationError(f"the database's address must begin with postgresql:// (got {address.drivername}://)")
    return address


def engine_of(url: str, connections: int, *, role: str | None = None, pooled: bool = False) -> Engine:
    """A pool of up to `connections`; see `checked` for what it refuses."""
    address = checked(url)
    arguments: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        "application_name": "optionix",
        "keepalives_idle": SILENCE_SECONDS,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": SILENCE_SECONDS * 1000,
    }
    if pooled:
        arguments["prepare_threshold"] = None
    else:
        settings = session_settings(role, None)
        arguments["options"] = " ".join(f"-c {name}={value}" for name, value in settings.items())
    engine = create_engine(
        address.set(drivername="postgresql+psycopg"),
        pool_size=min(_KEPT, connections),
        max_overflow=max(connections - _KEPT, 0),
        pool_timeout=5.0,
        pool_use_lifo=True,
        hide_parameters=True,  # errors are logged, and what was to be written is nobody's but its owner's
        connect_args=arguments,
    )
    _ask_those_that_rested(engine)
    return engine


def session_settings(role: str | None, acting: UUID | None) -> dict[str, str]:
    """What a session, or a transaction through a pooler, is to have."""
    settings = {
        "statement_timeout": f"{STATEMENT_SECONDS}s",
        "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
        USER_SETTING: SERVER if acting is None else str(acting),
    }
    return settings if role is None else {"role": role, **settings}


def begin(connection: Connection, role: str | None, acting: UUID | None, *, pooled: bool) -> None:
    """Give a transaction its settings; nothing is asked where its session has them already."""
    if pooled:
        set_local(connection, session_settings(role, acting))
    elif acting is not None:
        set_local(connection, {USER_SETTING: str(acting)})


def set_local(connection: Connection, settings: dict[str, str]) -> None:
    """Settings until the end of the transaction."""
    asked = ", ".join(["set_config(%s, %s, true)"] * len(settings))
    connection.exec_driver_sql(f"SELECT {asked}", tuple(text for pair in settings.items() for text in pair))


def _ask_those_that_rested(engine: Engine) -> None:
    """Ask a connection that was not used for a while whether it lives, before somebody relies on it."""

    @event.listens_for(engine, "checkin")
    def note(_: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
        entry.info["used"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def ask(opened: DBAPIConnection, entry: ConnectionPoolEntry, _: PoolProxiedConnection) -> None:
        used = entry.info.get("used")
        if used is None or time.monotonic() - used < _FRESH:
            return
        try:
            engine.dialect.do_ping(opened)
        except engine.dialect.loaded_dbapi.Error as error:
            raise exc.DisconnectionError(str(error)) from error


def state_of(error: exc.DBAPIError) -> str:
    """The SQLSTATE of an error; empty where the server told none."""
    return getattr(error.orig, "sqlstate", None) or ""


def is_lost(error: Exception) -> bool:
    """Whether the connection is gone."""
    return isinstance(error, exc.DBAPIError) and (error.connection_invalidated or state_of(error).startswith("08"))


def error_of(error: exc.DBAPIError | exc.TimeoutError, *, committing: bool = False) -> OptionixError:
    """The database's error as one of ours. `committing`: whether a commit was under way."""
    if isinstance(error, exc.TimeoutError):
        return DeadlineError(f"no connection to the database became free: {error}")
    state = state_of(error)
    if state in _TOO_LONG:
        return DeadlineError(f"the database was too busy: {error.orig}")
    if error.connection_invalidated or isinstance(error, exc.OperationalError) or state.startswith(_UNABLE):
        if committing:
            return StorageError(f"the database was lost while it committed, so that it may have: {error.orig}")
        return StorageError(f"the database does not answer: {error.orig}")
    return IntegrityError(f"the database refused it: {error.orig}")


@contextmanager
def translated() -> Iterator[None]:
    """Turn the database's errors into ours."""
    try:
        yield
    except (exc.DBAPIError, exc.TimeoutError) as error:
        raise error_of(error) from error
