"""`admin/audit`: the audit log read, checked and taken away; what may be an intrusion as a view of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Response
from fastapi import Request as HttpRequest
from fastapi.responses import StreamingResponse
from pydantic import Field

from optionix_core.errors import IntegrityError
from server.api.documented import problems
from server.api.paging import HEADERS, PageAsked, tell
from server.api.values import Answer, Id, Instant
from server.app import server_of
from server.audit import heads, searching, verifying
from server.audit.log import ChainedAuditLog, in_base64
from server.auth.identity import Identity
from server.auth.rights import needs
from server.parts import AuditEntry

if TYPE_CHECKING:
    from server.context import Server

router = APIRouter(prefix="/admin/audit", tags=["admin"])

Reader = Annotated[Identity, Depends(needs("audit", "read"))]
Part = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[ -~]+$")]

JSON_LINES: Final = "application/jsonl"


class AuditAsked(PageAsked):
    """Which entries."""

    user_id: Annotated[Id | None, Field(description="Whose acts.")] = None
    action: Annotated[Part | None, Field(description="The action, or its beginning: `auth.`")] = None
    resource: Annotated[Part | None, Field(description="What was acted on, or its beginning.")] = None
    since: Instant | None = None
    until: Annotated[Instant | None, Field(description="Not included.")] = None


class AuditItem(Answer):
    """One entry. Address and user agent are null where there was none, and after an erasure."""

    seq: Annotated[int, Field(ge=1)]
    id: Id
    time: Instant
    action: str
    resource: str
    user_id: Id | None
    details: dict[str, Any]
    ip_address: str | None
    user_agent: str | None
    hash: Annotated[str, Field(description="Of the keyed chain, in base64.")]


class AuditPage(Answer):
    """Entries, the newest first."""

    items: list[AuditItem]


class AuditVerified(Answer):
    """What a complete check found."""

    valid: bool
    entries: Annotated[int, Field(ge=0, description="How many were sound; all of them where `valid`.")]
    first_bad: Annotated[int | None, Field(description="The first sequence that is altered, missing or moved.")]
    reason: str | None
    root: Annotated[str | None, Field(description="Merkle root over all entries (RFC 6962), in base64.")]
    roots: Annotated[int, Field(ge=0, description="Signed roots that were checked.")]
    heads: Annotated[int, Field(ge=0, description="Heads outside the database that were compared.")]
    erased: Annotated[int, Field(ge=0, description="Entries whose personal part was erased.")]


_LISTED: Final = {**problems(), 200: {"headers": HEADERS}}


@router.get("", responses=_LISTED)
def list_audit(asked: Annotated[AuditAsked, Query()], _: Reader, request: HttpRequest, response: Response) -> AuditPage:
    """Entries of the audit log, the newest first."""
    return _page(server_of(request), asked, response, alarms=False)


@router.get("/alerts", responses=_LISTED)
def list_alerts(
    asked: Annotated[AuditAsked, Query()], _: Reader, request: HttpRequest, response: Response
) -> AuditPage:
    """What may be an intrusion: tokens used twice, contradicting devices, wrong passwords, acts that were refused."""
    return _page(server_of(request), asked, response, alarms=True)


@router.get("/verify", responses=problems(503))
def verify_audit(caller: Reader, request: HttpRequest) -> AuditVerified:
    """Check every entry, every signed root and every head outside the database. One check runs at a time."""
    server = server_of(request)
    with server.database.exclusive("audit verify", 0.0):
        log = _log(server)
        try:
            found = verifying.verify(log, heads.exported(server.settings.data_folder / heads.FOLDER))
        except IntegrityError as error:
            _record(server, caller, "audit.alarm", {"first_bad": error.seq, "reason": error.reason})
            sound = 0 if error.seq is None else error.seq - 1
            return AuditVerified(
                valid=False,
                entries=sound,
                first_bad=error.seq,
                reason=error.reason,
                root=None,
                roots=0,
                heads=0,
                erased=0,
            )
    _record(server, caller, "audit.verify", {"entries": found.entries})
    return AuditVerified(
        valid=True,
        entries=found.entries,
        first_bad=None,
        reason=None,
        root=in_base64(found.root),
        roots=found.roots,
        heads=found.heads,
        erased=found.erased,
    )


@router.get(
    "/export",
    responses={
        **problems(),
        200: {
            "description": "An entry a line: `seq`, `epoch`, `data` (the canonical text), `hash`; the last line is "
            "`head`, signed.",
            "content": {JSON_LINES: {"schema": {"type": "string"}}},
        },
    },
    response_class=StreamingResponse,
)
def export_audit(caller: Reader, request: HttpRequest) -> StreamingResponse:
    """The whole log as JSON lines, with its signed head, which is written outside the database too."""
    server = server_of(request)
    _record(server, caller, "audit.export", {})
    head = heads.export_head(_log(server), server.settings.data_folder / heads.FOLDER)
    return StreamingResponse(
        searching.lines(server.database, head),
        media_type=JSON_LINES,
        headers={"Content-Disposition": 'attachment; filename="audit.jsonl"'},
    )


def _log(server: Server) -> ChainedAuditLog:
    return ChainedAuditLog(server.database, server.envelopes, server.clock)


def _record(server: Server, caller: Identity, action: str, details: dict[str, Any]) -> None:
    server.audit.record(AuditEntry(action, "audit", caller.user_id, details))


def _page(server: Server, asked: AuditAsked, response: Response, *, alarms: bool) -> AuditPage:
    wanted = searching.AuditFilter(asked.user_id, asked.action, asked.resource, asked.since, asked.until, alarms)
    found, total = searching.search(server.database, server.envelopes, wanted, asked.offset, asked.page_size)
    tell(response, asked, total)
    items = [
        AuditItem(
            seq=line.seq,
            id=line.id,
            time=line.time,
            action=line.action,
            resource=line.resource,
            user_id=line.user_id,
            details=line.details,
            ip_address=line.ip_address,
            user_agent=line.user_agent,
            hash=in_base64(line.hash),
        )
        for line in found
    ]
    return AuditPage(items=items)
