"""Streams of users on each database, under keys of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from sqlalchemy import insert

from optionix_core.sync.event import Event
from server.store import tables

if TYPE_CHECKING:
    from server.store.database import Database

START = datetime(2026, 1, 16, 14, 30, tzinfo=UTC)


def chain_key(epoch: int) -> bytes:
    """The key of an epoch; the same every time."""
    return sha256(f"epoch {epoch}".encode()).digest()


def add_user(database: Database, number: int, *, role: str = "trader", desk: UUID | None = None) -> UUID:
    """A user who can own a stream."""
    user = UUID(int=number)
    database.write(
        lambda connection: connection.execute(
            insert(tables.users).values(
                id=user,
                email=f"user-{number}@example.org",
                hashed_password="none",  # noqa: S106 - nobody signs in with it
                full_name="sealed",
                role=role,
                kyc_status="none",
                created_at=START,
                desk_id=user if desk is None else desk,
                password_changed_at=START,
            )
        )
    )
    return user


@pytest.fixture
def numbered() -> Callable[[int], Event]:
    """The n-th event; the same every time."""

    def event(number: int) -> Event:
        moment = START + timedelta(seconds=number)
        return Event(f"e-{number}", "order.filled", moment, {"price": f"{number}.25", "legs": [{"quantity": number}]})

    return event
