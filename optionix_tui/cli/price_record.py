"""Keeps what was priced in the home's history. A home that cannot be written is a warning, never a failure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from optionix_core.errors import OptionixError
from optionix_core.services import price_requests
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import say

if TYPE_CHECKING:
    import typer


def keep(context: typer.Context, requests: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Write requests down; their ids, in order, none where the home cannot be written.

    A request is what `price_requests.document` takes. More than `MOST_ROWS` of them, or of rows, are not kept.
    """
    count = sum(len(request["contract"].get("rows", "1")) for request in requests)
    if count > price_requests.MOST_ROWS:
        say(f"not kept in the history: {count} rows are more than {price_requests.MOST_ROWS}")
        return ()
    face = face_of(context)
    now = face.clock.now()
    # A microsecond apart, so that they sort as they came.
    moments = (now + timedelta(microseconds=place) for place in range(len(requests)))
    records = [price_requests.document(moment, **request) for moment, request in zip(moments, requests, strict=True)]
    try:
        price_requests.keep(face.home, face.clock, records)
    except OptionixError as error:
        say(f"warning: not kept in the history: {error}")
        return ()
    return tuple(record["id"] for record in records)
