"""Requests that are generated from the API's description: no 5xx, no answer that is not documented, whoever asks.

A whole server answers, with all its middleware. A description cannot say that one field needs another or that a name
exists: a well-formed request may be refused by 409 and the like, and never otherwise than documented.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.python.asgi import get_client

from server.assembly import application
from server.auth.identity import Role
from server.auth.people import NewUser, add_user
from tests.server.conftest import Backend, MakeServer

if TYPE_CHECKING:
    from schemathesis import Case
    from schemathesis.python.asgi import ASGIClient
    from schemathesis.schemas import APIOperation

    from server.context import Server

pytestmark = pytest.mark.filterwarnings(  # threads of the server may draw while a case is made
    "ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning"
)

PASSWORD: Final = "a long sentence of ours"  # noqa: S105 - of people who live in this test alone
NOBODY: Final = "nobody"
REFUSALS: Final = ["2xx", "401", "403", "404", "409", "412", "422", "423", "429"]
"""What a well-formed request may come to; each only where its operation documents it."""
MANY: Final = 1_000_000
"""Requests a minute: limits stand in nobody's way here, that they hold is tested elsewhere."""
RATES: Final = dict.fromkeys(("rate_standard", "rate_premium", "rate_enterprise", "rate_login", "rate_health"), MANY)
MALFORMED: Final = ["400", "401", "403", "404", "405", "409", "412", "413", "415", "422", "429"]
"""What a malformed one comes to, whatever else is wrong with it."""
CONFIG: Final = SchemathesisConfig.from_dict(
    {
        "checks": {
            "positive_data_acceptance": {"expected-statuses": REFUSALS},
            "negative_data_rejection": {"expected-statuses": MALFORMED},
        },
        "generation": {"database": "none", "allow-x00": False},  # U+0000 is unreadable in any text: tested elsewhere
    }
)


@dataclass
class Caller:
    """Somebody who asks, and comes as another where what he asked has shut him out."""

    server: Server
    client: ASGIClient
    who: str
    number: int = 0
    token: str | None = None

    def headers(self) -> dict[str, str]:
        """With a token that is good now."""
        if self.who == NOBODY:
            return {}
        if self.token is None or self.client.get("/api/v2/users/me", headers=self._bearer()).status_code != 200:
            self.number += 1
            email = f"{self.who}-{self.number}@example.com"
            new = NewUser(email=email, full_name="Some One", password=PASSWORD, role=Role(self.who))
            add_user(self.server.accounts.stores, new, by=None)  # type: ignore[attr-defined] # of `Identities`
            answer = self.client.post("/api/v2/auth/login", json={"email": email, "password": PASSWORD})
            assert answer.status_code == 200, answer.text
            self.token = str(answer.json()["access_token"])
        return self._bearer()

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def _tried(operation: APIOperation, callers: Sequence[Caller], examples: int) -> Iterator[str]:
    """What is wrong with the answers of one operation; each case is asked by everybody in turn."""
    headers, found = {caller.who: caller.headers() for caller in callers}, dict[str, str]()

    @settings(
        max_examples=examples,
        phases=[Phase.generate],
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=_cases(operation))
    def ask(case: Case) -> None:
        for caller in callers:
            answer = case.call(session=caller.client, headers=headers[caller.who])
            try:
                case.validate_response(answer)
            except FailureGroup as group:
                for one in group.exceptions:
                    title = one.title if isinstance(one, Failure) else type(one).__name__
                    told = f"{answer.status_code} {answer.text}\n{one}\n{case.as_curl_command()}"
                    found.setdefault(f"{operation.label} by {caller.who}: {title}", told)

    ask()
    yield from (f"{title}\n{words}" for title, words in found.items())


def _cases(operation: APIOperation) -> st.SearchStrategy[Case]:
    good = operation.as_strategy(GenerationMode.POSITIVE)
    return st.one_of(good, operation.as_strategy(GenerationMode.NEGATIVE))


def _checked(server: Server, people: Sequence[str], examples: int) -> None:
    app: Any = application(server)
    with get_client(app) as client:
        schema = schemathesis.openapi.from_asgi("/api/v2/openapi.json", app, config=CONFIG)
        callers = [Caller(server, client, who) for who in people]
        wrong = [line for result in schema.get_all_operations() for line in _tried(result.ok(), callers, examples)]
    assert not wrong, "\n\n".join(wrong)


def test_a_few_requests_of_each_kind_are_answered_as_documented(
    make_server: MakeServer, sqlite_backend: Backend
) -> None:
    _checked(make_server(sqlite_backend, **RATES), [NOBODY, "trader", "admin"], 10)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_many_requests_of_each_kind_are_answered_as_documented(make_server: MakeServer, backend: Backend) -> None:
    _checked(make_server(backend, **RATES), [NOBODY, *Role], 100)
