"""Runs the migrations on the connection that is handed in; there is no other way to run them."""

from __future__ import annotations

from alembic import context

from server.store.schema import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
context.run_migrations()
