"""Migrations of the server's database, run by `server.store.schema` inside its transaction.

A change of `server.store.tables` needs a revision here, with its way back; tests compare both. A new table's rights and
policies on PostgreSQL belong into the same revision, see `server.store.row_security`.
"""
