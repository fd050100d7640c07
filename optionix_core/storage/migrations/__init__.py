"""Migrations of the home's database, run by `storage.schema` inside its transaction."""
