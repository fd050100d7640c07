"""Letters that databases and terminals stumble over are refused by name, on both databases."""

from __future__ import annotations

import pytest

from tests.server.auth.house import PASSWORD, House

ODD = ["\0", "a\0b@example.com", "\ud800@example.com", "a\u202eb@example.com", "\x7f@example.com"]


@pytest.mark.parametrize("text", ODD)
def test_an_odd_email_is_a_wrong_value(house: House, text: str) -> None:
    body = f'{{"email": "{text.encode("unicode_escape").decode().replace(chr(92) + "x", chr(92) + "u00")}"'
    for path, rest in (("login", ""), ("register", ', "full_name": "A"')):
        raw = f'{body}, "password": "{PASSWORD}"{rest}}}'
        answer = house.ask_raw("POST", f"auth/{path}", raw)
        assert answer.status == 422, path
        assert answer.body["errors"][0]["field"] == "email"


@pytest.mark.parametrize("text", ["%00", "a%00b", "%F0%9F%98%80" * 30, "..%2F..%2Fetc", "%E2%80%AE"])
def test_odd_paths_and_queries_are_refused(house: House, text: str) -> None:
    house.add()
    house.add("ada", "admin")
    token, admin = house.token(), house.token("ada")
    assert house.ask("DELETE", f"devices/{text}", token=token).status in {404, 422}
    assert house.ask("DELETE", f"sessions/{text}", token=token).status in {404, 422}
    assert house.ask("GET", f"accounts/{text}/members", token=token).status in {404, 422}
    assert house.ask("GET", f"admin/users?email={text}", token=admin).status in {200, 422}
    assert house.ask("GET", f"admin/users?role={text}", token=admin).status == 422


@pytest.mark.parametrize("field", ["name", "reason", "rule"])
def test_odd_words_of_a_halt_are_refused(house: House, field: str) -> None:
    house.add("rita", "risk_manager")
    body = {"scope": "underlying", "name": "SPX", "reason": "news"} | {field: "a\0b"}
    answer = house.ask("POST", "admin/halts", body, token=house.token("rita"))
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, field)


def test_a_user_agent_of_any_bytes_is_kept_as_what_can_be_read(house: House) -> None:
    house.add()
    token = house.token(headers={"User-Agent": "term\x01inal\xff" + "x" * 400})
    (session,) = house.ask("GET", "sessions", token=token).body["sessions"]
    assert session["user_agent"] == "terminal\xff" + "x" * 191
