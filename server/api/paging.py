"""Pages of lists: `page` and `page_size` are asked, totals are told in headers.

`X-Total-Count`, `X-Page`, `X-Page-Size` and `X-Total-Pages` go with every list; a page past the end is empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

from pydantic import Field

from server.api.values import Asked

if TYPE_CHECKING:
    from fastapi import Response

Item = TypeVar("Item")

DEFAULT_SIZE: Final = 50
LARGEST_SIZE: Final = 100
LARGEST_PAGE: Final = 1_000_000


class PageAsked(Asked):
    """Which page; lists with filters derive from it and take the whole as `Annotated[Mine, Query()]`."""

    page: Annotated[int, Field(ge=1, le=LARGEST_PAGE, description="Counted from 1.")] = 1
    page_size: Annotated[int, Field(ge=1, le=LARGEST_SIZE, description="Items on a page.")] = DEFAULT_SIZE

    @property
    def offset(self) -> int:
        """Items before this page."""
        return (self.page - 1) * self.page_size

    def of(self, items: Sequence[Item]) -> Sequence[Item]:
        """The page of a list that is all there."""
        return items[self.offset : self.offset + self.page_size]

    def pages(self, total: int) -> int:
        """Pages that `total` items fill; none for none."""
        return -(-total // self.page_size)


def tell(response: Response, asked: PageAsked, total: int) -> None:
    """Write the totals into the answer's headers; `total` counts all items that the filters let through."""
    response.headers["X-Total-Count"] = str(total)
    response.headers["X-Page"] = str(asked.page)
    response.headers["X-Page-Size"] = str(asked.page_size)
    response.headers["X-Total-Pages"] = str(asked.pages(total))


def _header(words: str) -> dict[str, Any]:
    return {"description": words, "required": True, "schema": {"type": "integer", "minimum": 0}}


HEADERS: Final[dict[str, Any]] = {
    "X-Total-Count": _header("Items that the filters let through, on all pages."),
    "X-Page": _header("The page."),
    "X-Page-Size": _header("Items on a page."),
    "X-Total-Pages": _header("Pages in all."),
}
"""For `responses={200: {"headers": HEADERS}}`."""
