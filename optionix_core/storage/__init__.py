"""The store on disk: the event log and what is cached from it, in SQLite."""

from optionix_core._lazy import lazy_names

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "SqliteEventStore": "optionix_core.storage.sqlite_store",
        "open_store": "optionix_core.storage.sqlite_store",
    },
)
