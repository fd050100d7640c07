"""A desk of forty accounts at the rate that everybody has: one request brings it, and no request is refused."""

from __future__ import annotations

from pathlib import Path

import httpx
import structlog

from optionix_tui.remote.desk import desk
from server import assembly
from tests.remote.commands import EMAIL
from tests.remote.conftest import PASSWORD, Live, listening
from tests.server.conftest import MakeServer

ACCOUNTS = 40
LOOKS = 6


class Noting(httpx.BaseTransport):
    """Carries requests and keeps what was answered to each."""

    def __init__(self) -> None:
        self.answered: list[tuple[str, int]] = []
        self._inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._inner.handle_request(request)
        self.answered.append((request.url.path.removeprefix("/api/v2/"), answer.status_code))
        return answer

    def close(self) -> None:
        self._inner.close()


def test_forty_accounts_are_seen_again_and_again_within_the_rate(make_server: MakeServer, tmp_path: Path) -> None:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    server = make_server()
    with listening(assembly.application(server)) as url:
        live = Live(server, url, tmp_path / "homes")
        user = live.add()
        for number in range(ACCOUNTS):
            live.bound(user, f"desk-{number:02}")
        noting = Noting()
        team = live.team(transport=lambda: noting)
        with live.workspace() as workspace:
            team.sign_in(workspace, url, EMAIL, PASSWORD)
        for _ in range(LOOKS):  # as a screen does for minutes: the clock of this server stands still
            rows = desk(team.client())
            assert [row.account for row in rows] == [f"desk-{number:02}" for number in range(ACCOUNTS)]
        team.close()
    structlog.reset_defaults()
    assert [path for path, _ in noting.answered].count("portfolio/overview") == LOOKS
    assert {status for _, status in noting.answered} <= {200, 201}
