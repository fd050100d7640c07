"""Ids that follow from what they name, so that tables and answers tell the same one."""

from __future__ import annotations

from uuid import UUID, uuid5


def position_id(stream_id: UUID, account: str, symbol: str) -> UUID:
    """Of what an account of a stream holds of an instrument: the same whenever it holds any."""
    return uuid5(stream_id, f"position/{account}/{symbol}")
