"""Runs the migrations on the connection that is handed in; there is no other way to run them."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
