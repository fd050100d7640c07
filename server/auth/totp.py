"""The second factor: codes of an authenticator (RFC 6238), and ten codes on paper for when it is lost.

A code is good once: the last step that was accepted is written down by compare-and-set, so that of many who show the
same one at once one gets in. It is on only after a first valid code. Codes on paper have 80 random bits and are kept as
SHA-256 digests.
"""

from __future__ import annotations

import base64
import io
import secrets
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4

from sqlalchemy import delete, insert, or_, update

from server.auth.people import change, locked_user
from server.problems import FieldError, Problem
from server.store.tables import backup_codes, users

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row

    from server.auth.origin import Origin
    from server.auth.stores import Stores

ISSUER: Final = "Optionix"
STEP: Final = 30
"""Seconds."""
CODES: Final = 10
_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator is set up with."""

    secret: str
    """Base32."""
    otpauth_uri: str
    qr_svg: str


def set_up(stores: Stores, user_id: UUID, origin: Origin) -> Enrolment:
    """A new secret that counts once a code of it was shown. Problem 409 where a second factor is on already."""
    import pyotp

    secret = pyotp.random_base32(32)

    def work(connection: Connection) -> str:
        row = locked_user(connection, user_id)
        if row.mfa_enabled:
            raise Problem(409, "mfa-enabled", "a second factor is on: disable it first")
        sealed = stores.envelopes.seal("secret", f"users.mfa_pending/{user_id}", secret.encode("ascii"))
        change(connection, row, {"mfa_pending": sealed})
        stores.note(connection, "mfa.setup", user_id, origin)
        email: str = row.email
        return email

    email = stores.database.write(work)
    uri = pyotp.TOTP(secret, digits=_DIGITS, interval=STEP).provisioning_uri(name=email, issuer_name=ISSUER)
    return Enrolment(secret, uri, qr_svg(uri))


def qr_svg(text: str) -> str:
    """A QR code as an SVG document."""
    import segno

    drawn = io.BytesIO()
    segno.make(text, error="m", micro=False).save(drawn, kind="svg", scale=4, border=4, xmldecl=False)
    return drawn.getvalue().decode("utf-8")


def enable(stores: Stores, user_id: UUID, code: str, origin: Origin) -> Sequence[str] | None:
    """Turn it on by a first valid code; the codes on paper, shown this once. None where the code is wrong."""

    def work(connection: Connection) -> Sequence[str] | None:
        row = locked_user(connection, user_id)
        if row.mfa_enabled:
            raise Problem(409, "mfa-enabled", "a second factor is on already")
        if row.mfa_pending is None:
            raise Problem(409, "mfa-not-set-up", "set a second factor up first")
        secret = stores.envelopes.open("secret", f"users.mfa_pending/{user_id}", row.mfa_pending)
        step = step_of(secret.decode("ascii"), code, stores.clock.now().timestamp())
        if step is None:
            return None
        sealed = stores.envelopes.seal("secret", f"users.mfa_secret/{user_id}", secret)
        change(
            connection,
            row,
            {"mfa_secret": sealed, "mfa_pending": None, "mfa_enabled": True, "mfa_last_step": step},
        )
        codes = _new_codes(connection, user_id)
        stores.note(connection, "mfa.enable", user_id, origin)
        return codes

    return stores.database.write(work)


def renew_codes(stores: Stores, connection: Connection, row: Row[Any], origin: Origin) -> Sequence[str]:
    """Ten new codes on paper in place of the old ones, within a transaction that holds the user."""
    codes = _new_codes(connection, row.id)
    stores.note(connection, "mfa.renew-codes", row.id, origin)
    return codes


def disable(stores: Stores, connection: Connection, row: Row[Any], origin: Origin, by: UUID) -> None:
    """Turn it off, within a transaction that holds the user."""
    change(connection, row, {"mfa_secret": None, "mfa_pending": None, "mfa_enabled": False, "mfa_last_step": None})
    connection.execute(delete(backup_codes).where(backup_codes.c.user_id == row.id))
    stores.note(connection, "mfa.disable", by, origin, resource=f"users/{row.id}")


def accept(stores: Stores, connection: Connection, row: Row[Any], code: str) -> bool:
    """Whether `code` is the user's second factor now; it is used up by that, within the transaction."""
    if row.mfa_secret is None:
        return False
    if len(code) != _DIGITS:
        return _use_code(stores, connection, row.id, code)
    secret = stores.envelopes.open("secret", f"users.mfa_secret/{row.id}", row.mfa_secret).decode("ascii")
    step = step_of(secret, code, stores.clock.now().timestamp())
    if step is None:
        return False
    newer = or_(users.c.mfa_last_step.is_(None), users.c.mfa_last_step < step)
    taken = connection.execute(update(users).where(users.c.id == row.id, newer).values(mfa_last_step=step))
    return taken.rowcount == 1


def step_of(secret: str, code: str, moment: float) -> int | None:
    """The step, of the present one and its neighbours, whose code it is; None where it is no code of these."""
    import pyotp

    totp = pyotp.TOTP(secret, digits=_DIGITS, interval=STEP)
    now = int(moment // STEP)
    found = [
        step for step in (now - 1, now, now + 1) if compare_digest(totp.generate_otp(step).encode(), code.encode())
    ]
    return max(found, default=None)


def wrong_code() -> Problem:
    """The answer to a code that is none."""
    return Problem(
        422, "invalid-value", "the code is wrong or was used", [FieldError("code", "", "a code that is shown now")]
    )


def _new_codes(connection: Connection, user_id: UUID) -> Sequence[str]:
    connection.execute(delete(backup_codes).where(backup_codes.c.user_id == user_id))
    codes = [_spelled(base64.b32encode(secrets.token_bytes(10)).decode("ascii").lower()) for _ in range(CODES)]
    connection.execute(
        insert(backup_codes),
        [{"id": uuid4(), "user_id": user_id, "hashed_code": _digest(user_id, code), "used_at": None} for code in codes],
    )
    return codes


def _use_code(stores: Stores, connection: Connection, user_id: UUID, code: str) -> bool:
    used = connection.execute(
        update(backup_codes)
        .where(
            backup_codes.c.user_id == user_id,
            backup_codes.c.hashed_code == _digest(user_id, code),
            backup_codes.c.used_at.is_(None),
        )
        .values(used_at=stores.clock.now())
    )
    return used.rowcount == 1


def _spelled(code: str) -> str:
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def _digest(user_id: UUID, code: str) -> str:
    plain = code.replace("-", "").replace(" ", "").lower()
    return sha256(f"{user_id}/{plain}".encode()).hexdigest()
