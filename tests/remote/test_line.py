"""Requests to a server: what is sent again, what never is, and what each failure becomes."""

from __future__ import annotations

import gzip
from typing import Any

import httpx
import pytest

from optionix_core.errors import (
    ConflictingEventError,
    DeadlineError,
    InvalidValueError,
    MissingDataError,
    OptionixError,
    RefusedError,
    UnknownNameError,
    VenueError,
)
from optionix_tui.remote import line as lines
from optionix_tui.remote.address import server_address
from optionix_tui.remote.breaker import Breaker
from optionix_tui.remote.client import Client
from optionix_tui.remote.reading import Fields
from optionix_tui.remote.signing import KeyCredentials
from server.auth.sessions import AGAIN
from tests.remote.scripted import Scripted, Waits, answered, dripping, line_to, problem

CUT = httpx.RemoteProtocolError("peer closed connection")
SLOW = httpx.ReadTimeout("slow")
REFUSED = httpx.ConnectError("connection refused")


@pytest.mark.parametrize("broken", [CUT, SLOW, REFUSED, problem(503, "deadline"), problem(429, "rate-limited")])
def test_what_may_be_sent_twice_is_sent_again_until_it_is_answered(broken: Any) -> None:
    server = Scripted(broken, broken, answered(document={"ok": 1}))
    waits = Waits()
    assert line_to(server, waits).request("GET", "users/me").document == {"ok": 1}
    assert len(server.requests) == 3
    assert waits.slept == pytest.approx([0.15, 0.3])


@pytest.mark.parametrize("broken", [CUT, SLOW, problem(503, "deadline"), problem(429, "rate-limited")])
def test_what_may_not_be_sent_twice_is_sent_once(broken: Any) -> None:
    server = Scripted(broken, answered())
    with pytest.raises(OptionixError):
        line_to(server).request("POST", "auth/login", body={})
    assert len(server.requests) == 1


def test_what_never_reached_the_server_is_sent_again_whatever_it_was() -> None:
    server = Scripted(REFUSED, answered(document={"ok": 1}))
    assert line_to(server).request("POST", "auth/login", body={}).document == {"ok": 1}


def test_a_certificate_of_nobody_trusted_is_told_at_once_with_what_helps() -> None:
    broken = httpx.ConnectError(
        "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer"
    )
    server = Scripted(broken, answered())
    with pytest.raises(VenueError, match="SSL_CERT_FILE"):
        line_to(server).request("GET", "users/me")
    assert len(server.requests) == 1


def test_tries_are_bounded_and_the_last_failure_is_told() -> None:
    for broken, error in ((CUT, VenueError), (SLOW, DeadlineError), (REFUSED, VenueError)):
        server = Scripted(broken)
        with pytest.raises(error, match=r"127\.0\.0\.1:9"):
            line_to(server).request("GET", "users/me")
        assert len(server.requests) == 3


def test_a_short_wait_that_the_server_asks_for_is_kept_and_a_long_one_is_told() -> None:
    server = Scripted(problem(429, "rate-limited", retry_after="3"), answered())
    waits = Waits()
    line_to(server, waits).request("GET", "users/me")
    assert waits.slept == [3.0]
    server = Scripted(problem(429, "rate-limited", "too many", retry_after="60"), answered())
    with pytest.raises(RefusedError, match="again in 60 s") as caught:
        line_to(server).request("GET", "users/me")
    assert caught.value.exit_code == 5
    assert len(server.requests) == 1


def test_an_order_with_an_id_of_its_own_is_sent_again_and_one_without_never() -> None:
    order = {"symbol": "ORBIT", "client_order_id": "first"}
    server = Scripted(CUT, answered(201, {"client_order_id": "first"}))
    client = Client(line_to(server), KeyCredentials("ok_1"))
    assert client.trade.execute(order)["client_order_id"] == "first"
    assert server.bodies == [order, order]
    server = Scripted(CUT, answered(201, {}))
    with pytest.raises(VenueError):
        Client(line_to(server), KeyCredentials("ok_1")).trade.execute({"symbol": "ORBIT"})
    assert len(server.requests) == 1


def test_a_long_push_is_compressed_and_every_request_names_the_program() -> None:
    events = [{"event_id": f"e-{index}", "payload": "x" * 50} for index in range(100)]
    server = Scripted(answered(document={"results": []}))
    Client(line_to(server), KeyCredentials("ok_1")).sync.push({"device_id": "d", "events": events})
    assert server.bodies == [{"device_id": "d", "events": events}]
    request = server.requests[0]
    assert request.headers["content-encoding"] == "gzip"
    assert len(request.content) < len(gzip.decompress(request.content)) / 5
    assert request.headers["user-agent"] == lines.USER_AGENT
    assert request.headers["authorization"] == "Bearer ok_1"


@pytest.mark.parametrize(
    ("reply", "error", "words", "code"),
    [
        (problem(401, "mfa-required", "a code"), RefusedError, "mfa-required: a code", 5),
        (problem(403, "forbidden", "your role"), RefusedError, "forbidden: your role", 5),
        (
            problem(403, "refused", errors=[{"field": "rule", "value": "limit-delta", "bound": "100 at most"}]),
            RefusedError, "refused by limit-delta: 100 at most", 5,
        ),
        (problem(409, "clock-drift", "6 min"), RefusedError, "clock-drift: 6 min", 5),
        (problem(404, "not-found", "no order"), MissingDataError, "no order", 6),
        (
            problem(404, "unknown-name", errors=[{"field": "symbol", "value": "ORBTI", "bound": "ORBIT"}]),
            UnknownNameError, "unknown symbol 'ORBTI'", 2,
        ),
        (
            problem(
                422, "invalid-value", "strike must be positive (got -5)",
                [{"field": "strike", "value": "-5", "bound": "positive"}],
            ),
            InvalidValueError, "strike must be positive", 1,
        ),
        (
            problem(422, "invalid-value", "a field is wrong", [{"field": "email", "value": "x", "bound": "no @"}]),
            InvalidValueError, "email: no @", 1,
        ),
        (
            problem(422, "conflicting-event", "other bytes", [{"field": "events.0", "value": "e", "bound": "same"}]),
            ConflictingEventError, "other bytes", 7,
        ),
        (problem(413, "too-large", "4 MB at most"), OptionixError, "4 MB", 1),
        (problem(500, "internal", "written down"), VenueError, "written down .request r-1.", 3),
        (httpx.Response(502, content=b"<html>bad gateway"), VenueError, "answered 502", 3),
        (httpx.Response(302, headers={"location": "http://elsewhere/"}), VenueError, "elsewhere", 3),
        (httpx.Response(200, content=b"<html>hello"), VenueError, "not JSON", 3),
    ],
)  # fmt: skip
def test_a_problem_becomes_the_engines_error(
    reply: httpx.Response, error: type[OptionixError], words: str, code: int
) -> None:
    server = Scripted(reply)
    with pytest.raises(error, match=words) as caught:
        line_to(server).request("POST", "x", body={})
    assert caught.value.exit_code == code
    assert len(server.requests) == 1  # a redirect is not followed


def test_a_server_that_drips_is_left_after_three_times_the_limit() -> None:
    waits = Waits()
    transport = dripping(1000, lambda: waits.sleep(4.0))
    with pytest.raises(DeadlineError):
        line_to(transport, waits, timeout=10.0).request("POST", "x", body={})
    assert 30.0 < waits.now - 100.0 < 40.0


def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST_ANSWER", 100)
    with pytest.raises(VenueError, match="longer than 100 bytes"):
        line_to(dripping(1000, lambda: None)).request("POST", "x", body={})


def test_a_server_that_keeps_failing_is_left_alone_for_a_while_and_then_tried_by_one() -> None:
    waits = Waits()
    server = Scripted(REFUSED)
    line = line_to(server, waits, breaker=Breaker("it", failures=5, rest=10.0, seconds=waits.seconds))
    for _ in range(2):
        with pytest.raises(VenueError):
            line.request("GET", "x")
    asked = len(server.requests)
    assert asked == 5
    with pytest.raises(VenueError, match="failed 5 times in a row: asked again in"):
        line.request("GET", "x")
    assert len(server.requests) == asked
    waits.now += 10.0
    server.replies = [answered(document={"ok": 1})]
    assert line.request("GET", "x").document == {"ok": 1}
    assert line.request("GET", "x").document == {"ok": 1}


def test_the_breaker_lets_one_call_try_while_the_others_wait() -> None:
    waits = Waits()
    breaker = Breaker("it", failures=1, rest=10.0, seconds=waits.seconds)
    breaker.failed()
    waits.now += 10.0
    breaker.enter()
    with pytest.raises(VenueError):
        breaker.enter()
    breaker.succeeded()
    breaker.enter()


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("https://team.example", "https://team.example"),
        (" https://team.example:8443/ ", "https://team.example:8443"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_address_has_one_spelling(text: str, read: str) -> None:
    assert server_address(text) == read


@pytest.mark.parametrize(
    "text",
    [
        "http://team.example", "http://10.0.0.1", "http://127.0.0.1.team.example", "ftp://127.0.0.1", "team.example",
        "https://team.example/api", "https://team.example?x=1", "https://", "https://team.example:99999",
        "https://ada:secret@team.example", "http://localhost@team.example",
    ],
)  # fmt: skip
def test_plain_text_goes_to_this_machine_alone_and_an_address_holds_nothing_else(text: str) -> None:
    with pytest.raises(InvalidValueError, match="server must be") as caught:
        server_address(text)
    assert "secret" not in str(caught.value)


def test_certificates_are_verified_and_no_proxy_stands_before_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    import ssl

    seen: dict[str, Any] = {}

    class Seen(httpx.Client):
        def __init__(self, **options: Any) -> None:
            seen.update(options)
            super().__init__(**options)

    monkeypatch.setattr(httpx, "Client", Seen)
    lines.ServerLine("https://team.example").close()
    assert seen["verify"].verify_mode is ssl.CERT_REQUIRED
    assert seen["verify"].check_hostname
    assert seen["trust_env"]
    assert not seen["follow_redirects"]
    lines.ServerLine("http://127.0.0.1:1").close()
    assert not seen["trust_env"]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "an object was to come"),
        ({"access_token": "a"}, "token_type must be a text"),
        (
            {"access_token": "a", "refresh_token": "r", "token_type": "Bearer", "expires_in": "9"},
            "expires_in must be a whole number",
        ),
        (
            {"access_token": "a", "refresh_token": "r", "token_type": "Bearer", "expires_in": True},
            "expires_in must be a whole number",
        ),
        ({"access_token": "a", "refresh_token": "r", "token_type": "Bearer", "expires_in": 0}, "positive"),
    ],
)
def test_an_answer_that_is_not_as_agreed_names_the_field(document: Any, words: str) -> None:
    with pytest.raises(VenueError, match=words):
        Client(line_to(Scripted(answered(document=document)))).auth.refresh("r")


def test_a_line_that_was_closed_meanwhile_is_a_server_out_of_reach_and_no_crash() -> None:
    """Somebody signs out on the screen while the background still asks for whoever was signed in."""
    server = Scripted(answered())
    line = line_to(server)
    line.close()
    with pytest.raises(VenueError, match="given up"):
        line.request("GET", "sync/pull")
    assert server.requests == []
    wrong = line_to(Scripted(RuntimeError("a fault of ours")))
    with pytest.raises(RuntimeError, match="a fault"):
        wrong.request("GET", "sync/pull")


def test_all_tries_to_renew_are_sent_while_the_server_still_gives_the_same_successor() -> None:
    """A later one would look like a stolen token, and end the session."""
    server, waits = Scripted(SLOW), Waits()
    with pytest.raises(DeadlineError, match=r"within 3 s"):
        Client(line_to(server, waits)).auth.refresh("refresh-1", "device")
    limits = [request.extensions["timeout"]["read"] for request in server.requests]
    assert len(limits) == 3
    assert sum(limits[:-1]) + sum(waits.slept) < AGAIN.total_seconds() - max(limits)


@pytest.mark.parametrize("wrong", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-16T14:30:00", 7])
def test_a_moment_that_is_none_in_utc_is_an_answer_that_is_not_as_agreed(wrong: Any) -> None:
    with pytest.raises(VenueError, match="a moment with its offset"):
        Fields({"at": wrong}, "answer").moment("at")
    with pytest.raises(VenueError, match="must be a number below"):
        Fields({"delta": 10**400}, "answer").number("delta")


def test_text_that_is_not_utf_8_is_named_and_not_shown() -> None:
    """As Python reads what a terminal in another coding gives."""
    server = Scripted(answered())
    with pytest.raises(InvalidValueError, match=r"^password must be text in UTF-8") as caught:
        line_to(server).request("POST", "auth/login", body={"email": "a@b.c", "password": "geheim\udcfc"})
    assert "geheim" not in str(caught.value)
    assert server.requests == []
