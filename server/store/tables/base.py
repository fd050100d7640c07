"""What all tables share: names of their constraints, and the column that says whose a row is."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, ForeignKey, MetaData, Uuid

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def user_column(*, primary_key: bool = False, nullable: bool = False) -> Column[object]:
    """Whose row it is."""
    return Column(
        "user_id", Uuid, ForeignKey("users.id", ondelete="RESTRICT"), primary_key=primary_key, nullable=nullable
    )
