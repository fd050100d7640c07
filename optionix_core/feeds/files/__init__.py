"""Chains out of files: one importer for each format, and a feed whose quotes stand still.

An importer reads a whole file or nothing. What is malformed is a MalformedFileError that names path,
line and column; what is merely a bad quote (crossed, expired, without a bid) is kept, because judging
quotes is the volatility room's work.
"""

from typing import TYPE_CHECKING

from optionix_core._lazy import lazy_names

if TYPE_CHECKING:
    from optionix_core.feeds.files.feed import FileFeed
    from optionix_core.feeds.files.generic import write_csv
    from optionix_core.feeds.files.parquet import write_parquet
    from optionix_core.feeds.files.reading import FORMATS, detect, read

__all__ = ["FORMATS", "FileFeed", "detect", "read", "write_csv", "write_parquet"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "FORMATS": "optionix_core.feeds.files.reading",
        "FileFeed": "optionix_core.feeds.files.feed",
        "detect": "optionix_core.feeds.files.reading",
        "read": "optionix_core.feeds.files.reading",
        "write_csv": "optionix_core.feeds.files.generic",
        "write_parquet": "optionix_core.feeds.files.parquet",
    },
)
