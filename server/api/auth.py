"""`auth/*`: sign in, refresh, sign out, and show again who one is. Bearer tokens alone, never a cookie."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from server.api.documented import problems
from server.api.people import (
    ETAG_HEADER,
    Auth,
    Chosen,
    Code,
    DeviceId,
    Email,
    FullName,
    Label,
    MeAnswer,
    RefreshToken,
    Shown,
    Written,
    me_answer,
)
from server.api.values import Answer, Instant, Request, examples
from server.auth import sessions, sign_in
from server.auth.identity import Identity, Role
from server.auth.people import NewUser, etag, find_user, register
from server.auth.rights import PUBLIC, STEP_UP_SECONDS, needs, needs_session
from server.problems import Problem

if TYPE_CHECKING:
    from server.auth.sessions import TokenPair

router = APIRouter(prefix="/auth", tags=["auth"])

WRONG = "Email, password or second factor is wrong; `mfa-required` where a second factor is on and no code was sent."
WAIT = "Too many wrong ones for this account from this address, or too many requests: Retry-After says how long."


class Registration(Request):
    """Somebody who adds himself."""

    model_config = examples({"email": "ada@example.com", "password": "a long sentence of mine", "full_name": "Ada L."})

    email: Email
    password: Chosen
    full_name: FullName


class Registered(Answer):
    """A new user."""

    user_id: UUID
    email: str
    full_name: str
    role: Role
    kyc_status: str
    mfa_enabled: bool
    created_at: Instant


class SignIn(Request):
    """Who one is. `device_id` makes the session that of a device, which then pushes and pulls."""

    model_config = examples({"email": "ada@example.com", "password": "a long sentence of mine"})

    email: Email
    password: Shown
    mfa_code: Code | None = None
    device_id: DeviceId | None = None
    device_name: Label | None = None


class Tokens(Answer):
    """A session's tokens. The access token goes into `Authorization: Bearer`."""

    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    """Seconds."""
    session_id: UUID


class Refresh(Request):
    """A refresh token, good once; `device_id` that of the session where it has one."""

    refresh_token: RefreshToken
    device_id: DeviceId | None = None


class SignOut(Request):
    """The session that ends."""

    refresh_token: RefreshToken


class StepUp(Request):
    """Who one is, shown again; the code where a second factor is on."""

    password: Shown
    mfa_code: Code | None = None


class SteppedUp(Answer):
    """Until when the session may do what asks for it."""

    valid_until: Instant


@router.post(
    "/register",
    status_code=201,
    response_model=Registered,
    dependencies=[PUBLIC],
    responses=problems(
        signed_in=False,
        body=True,
        when={
            403: "Registration is closed on this server.",
            409: "Somebody signs in with that email already. Each such answer counts against the caller's address.",
            429: WAIT,
        },
    ),
)
async def register_user(auth: Auth, body: Registration, origin: Written) -> Registered:
    """Add oneself, as a trader on paper accounts."""
    if not auth.settings.registration_open:
        raise Problem(403, "registration-closed", "this server adds nobody by himself: ask its administrator")
    new = NewUser(body.email, body.full_name, body.password)
    strict = auth.settings.in_production
    made = await auth.in_turn(partial(register, auth.stores, auth.lockout, new, origin, strict_email=strict))
    return Registered(
        user_id=made.id,
        email=made.email,
        full_name=made.full_name or "",
        role=made.role,
        kyc_status=made.kyc_status,
        mfa_enabled=made.mfa_enabled,
        created_at=made.created_at,
    )


@router.post(
    "/login",
    response_model=Tokens,
    dependencies=[PUBLIC],
    responses=problems(
        signed_in=False,
        body=True,
        when={
            401: WRONG,
            403: "The device was revoked.",
            409: "The device id is another user's.",
            429: WAIT,
        },
    ),
)
async def log_in(auth: Auth, body: SignIn, origin: Written) -> Tokens:
    """Sign in."""
    shown = sign_in.Credentials(body.email, body.password, body.mfa_code, body.device_id, body.device_name)
    return _tokens(await auth.in_turn(partial(sign_in.log_in, auth, shown, origin)))


@router.post(
    "/refresh",
    response_model=Tokens,
    dependencies=[PUBLIC],
    responses=problems(
        signed_in=False,
        body=True,
        when={401: "The token is unknown, has expired, or was used before; the last ends its session."},
    ),
)
def refresh(auth: Auth, body: Refresh, origin: Written) -> Tokens:
    """The next pair of tokens. Within ten seconds the same device gets the same refresh token again."""
    return _tokens(sessions.refresh(auth, body.refresh_token, body.device_id, origin))


@router.post("/logout", status_code=204, dependencies=[PUBLIC], responses=problems(signed_in=False, body=True))
def log_out(auth: Auth, body: SignOut, origin: Written) -> None:
    """End the session of a refresh token; 204 too where it has none."""
    sessions.log_out(auth, body.refresh_token, origin)


@router.get("/me", response_model=MeAnswer, responses={200: {"headers": ETAG_HEADER}, **problems()})
def who_am_i(
    identity: Annotated[Identity, Depends(needs("profile", "read", enrolling=True))], auth: Auth, response: Response
) -> MeAnswer:
    """Who is signed in."""
    user = find_user(auth.stores, identity.user_id)
    response.headers["ETag"] = etag(user.version)
    return me_answer(auth, user)


@router.post(
    "/step-up",
    response_model=SteppedUp,
    responses=problems(body=True, when={401: WRONG, 429: WAIT}),
)
async def step_up(
    identity: Annotated[Identity, Depends(needs_session("sessions", "write", enrolling=True))],
    auth: Auth,
    body: StepUp,
    origin: Written,
) -> SteppedUp:
    """Show again who one is, for what asks for it: the kill switch, roles, keys, the second factor, erasure."""
    session_id = identity.session_id
    assert session_id is not None  # noqa: S101 - `needs_session` saw it
    work = partial(sign_in.step_up, auth, identity.user_id, session_id, body.password, body.mfa_code, origin)
    shown_at = await auth.in_turn(work)
    return SteppedUp(valid_until=shown_at + timedelta(seconds=STEP_UP_SECONDS))


def _tokens(pair: TokenPair) -> Tokens:
    return Tokens(
        access_token=pair.access_token,
        refresh_token=pair.refresh_token,
        token_type="Bearer",  # noqa: S106 - the kind of token
        expires_in=pair.expires_in,
        session_id=pair.session_id,
    )
