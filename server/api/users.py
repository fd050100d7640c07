"""`users/*`: oneself, one's password and second factor."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from server.api.auth import WAIT, WRONG
from server.api.documented import problems
from server.api.people import (
    ETAG_HEADER,
    Auth,
    Chosen,
    Code,
    CodeAndPassword,
    FullName,
    MeAnswer,
    SeenVersion,
    ShortCode,
    Shown,
    Written,
    me_answer,
)
from server.api.values import Answer, Request
from server.auth import sign_in, totp
from server.auth.identity import Identity
from server.auth.people import change_profile, etag, find_user
from server.auth.rights import needs, needs_session, needs_step_up

router = APIRouter(prefix="/users", tags=["users"])

ReadsProfile = Annotated[Identity, Depends(needs("profile", "read", enrolling=True))]
WritesProfile = Annotated[Identity, Depends(needs_session("profile", "write"))]
BeginsFactor = Annotated[Identity, Depends(needs_step_up("profile", "write", enrolling=True))]
EnrolsFactor = Annotated[Identity, Depends(needs_session("profile", "write", enrolling=True))]


class ProfileChanges(Request):
    """What is to be another; absent leaves it."""

    full_name: FullName | None = None
    timezone: Annotated[str, Field(min_length=1, max_length=64)] | None = None


class PasswordChange(Request):
    """The present password and the next; the code where a second factor is on."""

    current_password: Shown
    new_password: Chosen
    mfa_code: Code | None = None


class EnrolmentAnswer(Answer):
    """What an authenticator is set up with; it counts once a code of it was shown to `users/mfa/verify`."""

    secret: str
    """Base32."""
    otpauth_uri: str
    qr_svg: str


class FirstCode(Request):
    """A code that the authenticator shows now."""

    code: ShortCode


class BackupCodes(Answer):
    """Codes on paper, each good once; shown this once."""

    mfa_enabled: Literal[True]
    backup_codes: Annotated[list[str], Field(min_length=totp.CODES, max_length=totp.CODES)]


class FactorState(Answer):
    """Whether a second factor is on."""

    mfa_enabled: bool


@router.get("/me", response_model=MeAnswer, responses={200: {"headers": ETAG_HEADER}, **problems()})
def read_me(identity: ReadsProfile, auth: Auth, response: Response) -> MeAnswer:
    """Oneself."""
    user = find_user(auth.stores, identity.user_id)
    response.headers["ETag"] = etag(user.version)
    return me_answer(auth, user)


@router.patch("/me", response_model=MeAnswer, responses={200: {"headers": ETAG_HEADER}, **problems(412, body=True)})
def change_me(
    identity: WritesProfile,
    auth: Auth,
    body: ProfileChanges,
    version: SeenVersion,
    origin: Written,
    response: Response,
) -> MeAnswer:
    """Change one's name or time zone; with If-Match only where nobody did meanwhile."""
    user = change_profile(auth.stores, identity.user_id, version, origin, body.full_name, body.timezone)
    response.headers["ETag"] = etag(user.version)
    return me_answer(auth, user)


@router.post(
    "/me/password",
    status_code=204,
    responses=problems(409, body=True, when={401: WRONG, 429: WAIT}),
)
async def change_password(identity: WritesProfile, auth: Auth, body: PasswordChange, origin: Written) -> None:
    """Another password, none of the last five; all other sessions end."""
    await auth.in_turn(
        partial(
            sign_in.change_password,
            auth,
            identity,
            body.current_password,
            body.new_password,
            body.mfa_code,
            origin,
        )
    )


@router.post(
    "/mfa/setup",
    response_model=EnrolmentAnswer,
    responses=problems(when={403: "Show your password to auth/step-up first.", 409: "A second factor is on."}),
)
def set_up_mfa(identity: BeginsFactor, auth: Auth, origin: Written) -> EnrolmentAnswer:
    """A new secret for an authenticator."""
    made = totp.set_up(auth.stores, identity.user_id, origin)
    return EnrolmentAnswer(secret=made.secret, otpauth_uri=made.otpauth_uri, qr_svg=made.qr_svg)


@router.post(
    "/mfa/verify",
    response_model=BackupCodes,
    responses=problems(
        body=True,
        when={409: "A second factor is on already, or none was set up.", 422: "The code is wrong.", 429: WAIT},
    ),
)
def verify_mfa(identity: EnrolsFactor, auth: Auth, body: FirstCode, origin: Written) -> BackupCodes:
    """Turn the second factor on by a first valid code."""
    return BackupCodes(mfa_enabled=True, backup_codes=list(sign_in.enable_mfa(auth, identity, body.code, origin)))


@router.post(
    "/mfa/backup-codes",
    response_model=BackupCodes,
    responses=problems(body=True, when={401: WRONG, 409: "No second factor is on.", 429: WAIT}),
)
async def renew_backup_codes(
    identity: WritesProfile, auth: Auth, body: CodeAndPassword, origin: Written
) -> BackupCodes:
    """Ten new codes on paper; the old ones end."""
    work = partial(sign_in.renew_codes, auth, identity, body.code, body.password, origin)
    return BackupCodes(mfa_enabled=True, backup_codes=list(await auth.in_turn(work)))


@router.post(
    "/mfa/disable",
    response_model=FactorState,
    responses=problems(body=True, when={401: WRONG, 409: "No second factor is on.", 429: WAIT}),
)
async def disable_mfa(identity: WritesProfile, auth: Auth, body: CodeAndPassword, origin: Written) -> FactorState:
    """Turn the second factor off; all other sessions end."""
    await auth.in_turn(partial(sign_in.disable_mfa, auth, identity, body.code, body.password, origin))
    return FactorState(mfa_enabled=False)
