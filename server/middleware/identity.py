"""Who asks: the `Authorization` header becomes an identity, or the reason why it is none.

A bad token refuses nothing here: routes that need no login are answered all the same, the others raise the reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from optionix_core.errors import OptionixError
from server.middleware.asgi import App, Receive, Scope, Send, header, state_of
from server.problems import Problem, problem_of
from server.store.acting import acting_for

if TYPE_CHECKING:
    from server.parts import Accounts

LONGEST: Final = 4096
"""Of a header that is looked at."""


class IdentityOf:
    """Sets `identity` or `refusal` of a request's state."""

    def __init__(self, app: App, accounts: Accounts) -> None:
        self._app = app
        self._accounts = accounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or one WebSocket."""
        if scope["type"] in {"http", "websocket"}:
            given = header(scope, b"authorization")
            if given is not None:
                await self._find(scope, given)
        with acting_for(None):  # whom the request comes to act for ends with it
            await self._app(scope, receive, send)

    async def _find(self, scope: Scope, given: bytes) -> None:
        state = state_of(scope)
        try:
            if len(given) > LONGEST:
                raise _invalid("the token is too long")
            try:
                text = given.decode("ascii")
            except UnicodeDecodeError:
                raise _invalid("the token is malformed") from None
            state["identity"] = await self._accounts.identify(text, state["address"])
        except Problem as problem:
            state["refusal"] = problem
        except OptionixError as error:  # the database does not answer: routes that need no login are answered still
            state["refusal"] = problem_of(error)


def _invalid(detail: str) -> Problem:
    return Problem(401, "invalid-token", detail, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
