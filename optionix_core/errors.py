"""The one exception tree of the workstation.

Every face turns an error into the same three things: an exit code (command line), a problem type
(HTTP) and a severity (screen). A message names the field, the value and the bound; nothing is
swallowed and nothing is defaulted.

    OptionixError                      exit  problem type          severity
    +-- DomainError                      1   domain                error      the request makes no sense in the domain
    |   +-- InvalidValueError            1   invalid-value         error      a field is outside its bound
    |   +-- NotFilledError               1   not-filled            warning    the venue had nothing at the price
    +-- UsageError                       2   usage                 error      the command was written wrongly
    |   +-- ConfigurationError           2   configuration         error      a setting is missing or malformed
    |   +-- MalformedFileError           2   malformed-file        error      a file cannot be read, and where
    |   +-- UnknownNameError             2   unknown-name          error      no such symbol, chain, feed, screen ...
    +-- VenueError                       3   venue                 error      network or venue did not answer properly
    +-- DeadlineError                    4   deadline              error      something took longer than allowed
    |   +-- HomeLockedError              4   home-locked           warning    another process holds the home's lock
    +-- RefusedError                     5   refused               warning    a limit, the gate or compliance said no
    |   +-- ReadOnlyError                5   read-only             warning    the home was opened for reading alone
    +-- MissingDataError                 6   missing-data          warning    there is no data to answer from
    |   +-- StaleDataError               6   stale-data            warning    the data is older than allowed
    +-- StorageError                     1   storage               critical   the disk is full or may not be used
    +-- IntegrityError                   7   integrity             critical   the log, head or ledger contradicts itself
    |   +-- ConflictingEventError        7   conflicting-event     critical   same event id, other bytes
    +-- InterruptedByUserError         130   interrupted           info       the user stopped it
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import ClassVar


class Severity(StrEnum):
    """How loudly a screen shows an error."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


class OptionixError(Exception):
    """Root of the tree. Never raised itself."""

    exit_code: ClassVar[int] = 1
    problem: ClassVar[str] = "error"
    severity: ClassVar[Severity] = Severity.ERROR

    def __reduce__(self) -> tuple[Callable[..., OptionixError], tuple[object, ...]]:
        """Pickled with its fields, whatever its constructor takes: workers in other processes raise errors too."""
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[OptionixError], args: tuple[object, ...], fields: dict[str, object]) -> OptionixError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(fields)
    return error


class DomainError(OptionixError):
    """The request is well formed but makes no sense in the domain."""

    exit_code = 1
    problem = "domain"


class InvalidValueError(DomainError, ValueError):
    """A field is outside its bound. `str()` reads `strike must be positive (got -5.0 at row 17)`."""

    problem = "invalid-value"

    def __init__(self, field: str, value: object, bound: str, row: int | None = None) -> None:
        self.field = field
        self.value = value
        self.bound = bound
        self.row = row
        where = "" if row is None else f" at row {row}"
        super().__init__(f"{field} must be {bound} (got {value}{where})")


class NotFilledError(DomainError):
    """The venue had nothing at the price asked for."""

    problem = "not-filled"
    severity = Severity.WARNING


class UsageError(OptionixError):
    """The command was written wrongly."""

    exit_code = 2
    problem = "usage"


class ConfigurationError(UsageError):
    """A setting is missing or malformed; the message names file, line and key."""

    problem = "configuration"


class MalformedFileError(UsageError):
    """A file cannot be read. Names path, line (1-based) and column (1-based or a column name)."""

    problem = "malformed-file"

    def __init__(self, path: str, reason: str, line: int | None = None, column: int | str | None = None) -> None:
        self.path = path
        self.reason = reason
        self.line = line
        self.column = column
        place = "" if line is None else f", line {line}"
        place += "" if column is None else f", column {column}"
        super().__init__(f"{path}{place}: {reason}")


class UnknownNameError(UsageError):
    """No such symbol, chain, feed, screen or setting; names the nearest valid ones where there are any."""

    problem = "unknown-name"

    def __init__(self, kind: str, name: str, known: tuple[str, ...] = ()) -> None:
        self.kind = kind
        self.name = name
        self.known = known
        hint = f"; known: {', '.join(known)}" if known else ""
        super().__init__(f"unknown {kind} {name!r}{hint}")


class VenueError(OptionixError):
    """The network or a venue did not answer properly."""

    exit_code = 3
    problem = "venue"


class DeadlineError(OptionixError):
    """Something took longer than it was allowed to."""

    exit_code = 4
    problem = "deadline"


class HomeLockedError(DeadlineError):
    """Another process holds the home's lock; the message names it."""

    problem = "home-locked"
    severity = Severity.WARNING


class RefusedError(OptionixError):
    """A limit, the pre-trade gate or compliance refused. `rule` is the rule's identifier."""

    exit_code = 5
    problem = "refused"
    severity = Severity.WARNING

    def __init__(self, rule: str, reason: str) -> None:
        self.rule = rule
        self.reason = reason
        super().__init__(f"refused by {rule}: {reason}")


class ReadOnlyError(RefusedError):
    """Something would be written to a home that was opened for reading alone."""

    problem = "read-only"

    def __init__(self, purpose: str) -> None:
        self.purpose = purpose
        super().__init__("read-only", f"nothing is written here (asked to {purpose})")


class MissingDataError(OptionixError):
    """There is no data to answer from."""

    exit_code = 6
    problem = "missing-data"
    severity = Severity.WARNING


class StaleDataError(MissingDataError):
    """The data is older than allowed."""

    problem = "stale-data"


class StorageError(OptionixError):
    """The machine refused to read or write: disk full, no permission, a device error. Nothing was acknowledged."""

    exit_code = 1
    problem = "storage"
    severity = Severity.CRITICAL


class IntegrityError(OptionixError):
    """The log, its head or the ledger contradicts itself. Names the first bad sequence where known."""

    exit_code = 7
    problem = "integrity"
    severity = Severity.CRITICAL

    def __init__(self, reason: str, seq: int | None = None) -> None:
        self.reason = reason
        self.seq = seq
        super().__init__(reason if seq is None else f"sequence {seq}: {reason}")


class ConflictingEventError(IntegrityError):
    """An event id that exists already came again with other bytes."""

    problem = "conflicting-event"


class InterruptedByUserError(OptionixError):
    """The user stopped it."""

    exit_code = 130
    problem = "interrupted"
    severity = Severity.INFO
