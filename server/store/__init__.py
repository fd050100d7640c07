"""One database by URL: SQLite for one process, PostgreSQL for teams. SQLAlchemy Core, the same tables on both."""
