"""The second factor: enrolment, codes that are good once, codes on paper, and showing again who one is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pyotp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from server.auth.identity import Role
from server.auth.totp import STEP, step_of
from server.store.tables import backup_codes, login_failures, users
from tests.server.auth.house import PASSWORD, House

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # noqa: S105 - of RFC 6238, appendix B
MINUTE = timedelta(minutes=1)
HALF = timedelta(seconds=STEP)


@pytest.mark.parametrize(
    ("moment", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037"), (20000000000, "353130")],
)
def test_codes_are_those_of_rfc_6238(moment: int, code: str) -> None:
    """Appendix B, SHA-1, the last six of its eight digits."""
    assert step_of(SECRET, code, moment) == moment // STEP


@settings(deadline=None)
@given(st.integers(600, 1 << 40), st.integers(-4, 4))
def test_a_code_is_good_one_step_around_its_own(moment: int, away: int) -> None:
    step = moment // STEP + away
    shown = pyotp.TOTP(SECRET).generate_otp(step)
    found = step_of(SECRET, shown, moment)
    if abs(away) <= 1:
        assert found is not None
        assert pyotp.TOTP(SECRET).generate_otp(found) == shown
    elif found is not None:  # codes of different steps that are the same by chance
        assert pyotp.TOTP(SECRET).generate_otp(found) == shown


@settings(deadline=None)
@given(st.text(max_size=8))
def test_what_is_no_code_is_refused(code: str) -> None:
    if code not in {pyotp.TOTP(SECRET).generate_otp(step) for step in (1, 2, 3)}:
        assert step_of(SECRET, code, 65.0) is None


def test_it_is_on_only_after_a_first_valid_code(house: House) -> None:
    house.add()
    token = house.token()
    made = house.ask("POST", "users/mfa/setup", token=token)
    assert made.status == 200
    uri = pyotp.parse_uri(made.body["otpauth_uri"])
    assert (uri.secret, uri.name, uri.issuer) == (made.body["secret"], "ann@example.com", "Optionix")
    assert made.body["qr_svg"].startswith("<svg")
    assert house.log_in().status == 200
    totp = pyotp.TOTP(made.body["secret"])
    now = totp.at(house.clock.now())
    wrong = "000000" if now != "000000" else "111111"
    assert house.ask("POST", "users/mfa/verify", {"code": wrong}, token=token).status == 422
    assert house.log_in().status == 200
    answer = house.ask("POST", "users/mfa/verify", {"code": now}, token=token)
    assert answer.status == 200
    assert len(set(answer.body["backup_codes"])) == 10
    assert house.ask("GET", "users/me", token=token).body["mfa_enabled"] is True
    refused = house.log_in()
    assert (refused.status, refused.kind) == (401, "mfa-required")
    assert "access_token" not in refused.body
    for path, body in (("setup", None), ("verify", {"code": now})):
        answer = house.ask("POST", f"users/mfa/{path}", body, token=token)
        assert (answer.status, answer.kind) == (409, "mfa-enabled")


def test_verifying_without_a_secret_is_a_conflict_and_guessing_waits(house: House) -> None:
    house.add()
    token = house.token()
    assert house.ask("POST", "users/mfa/verify", {"code": "123456"}, token=token).kind == "mfa-not-set-up"
    secret = house.ask("POST", "users/mfa/setup", token=token).body["secret"]
    right = {pyotp.TOTP(secret).at(house.clock.now() + away * HALF) for away in (-1, 0, 1)}
    wrong = next(code for code in ("000000", "111111", "222222", "333333") if code not in right)
    asked = [house.ask("POST", "users/mfa/verify", {"code": wrong}, token=token).status for _ in range(6)]
    assert asked == [422] * 5 + [429]


def test_secrets_and_paper_codes_do_not_lie_open(house: House) -> None:
    house.add()
    totp, codes = house.enrol()
    with house.server.database.reading() as connection:
        row = connection.execute(select(users)).one()
        kept = connection.execute(select(backup_codes.c.hashed_code)).scalars().all()
    assert totp.secret.encode() not in row.mfa_secret
    assert row.mfa_pending is None
    assert not set(codes) & set(kept)


def test_the_code_that_enrolled_does_not_sign_in_and_the_next_one_does(house: House) -> None:
    house.add()
    totp, _ = house.enrol()
    used = house.log_in(mfa_code=totp.at(house.clock.now()))
    assert (used.status, used.kind) == (401, "invalid-mfa-code")
    house.clock.advance(MINUTE)
    assert house.log_in(mfa_code=totp.at(house.clock.now())).status == 200
    assert house.log_in(mfa_code=totp.at(house.clock.now())).status == 401
    assert house.log_in(mfa_code=totp.at(house.clock.now() + -1 * HALF)).status == 401
    assert house.log_in(mfa_code=totp.at(house.clock.now() + 1 * HALF)).status == 200


def test_one_code_shown_twenty_times_at_once_gets_in_once(house: House) -> None:
    house.add()
    totp, _ = house.enrol()
    house.clock.advance(MINUTE)
    code = totp.at(house.clock.now())
    places = [f"198.51.100.{number}" for number in range(20)]
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda place: house.log_in(mfa_code=code, address=place), places))
    statuses = [answer.status for answer in answers]
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 401, 429}


def test_the_compare_and_set_lets_one_of_many_threads_through(house: House) -> None:
    """Below all that waits and counts: the same code by twenty transactions at once."""
    from server.auth import totp as second_factor

    user = house.add()
    totp, _ = house.enrol()
    house.clock.advance(MINUTE)
    code, stores = totp.at(house.clock.now()), house.auth.stores
    with house.server.database.reading() as connection:
        row = connection.execute(select(users).where(users.c.id == user.id)).one()

    def show(_: int) -> bool:
        return stores.database.write(lambda connection: second_factor.accept(stores, connection, row, code))

    with ThreadPoolExecutor(20) as threads:
        assert sum(threads.map(show, range(20))) == 1


def test_a_paper_code_signs_in_once(house: House) -> None:
    house.add()
    _, codes = house.enrol()
    assert house.log_in(mfa_code=codes[3]).status == 200
    assert house.log_in(mfa_code=codes[3]).status == 401
    assert house.log_in(mfa_code=codes[4]).status == 200
    with ThreadPoolExecutor(10) as threads:
        places = [f"198.51.100.{number}" for number in range(10)]
        answers = list(threads.map(lambda place: house.log_in(mfa_code=codes[5], address=place).status, places))
    assert answers.count(200) == 1


def test_another_users_paper_code_is_worth_nothing(house: House) -> None:
    house.add("ann")
    house.add("bob")
    _, codes = house.enrol("ann")
    house.enrol("bob")
    assert house.log_in("bob", mfa_code=codes[0]).status == 401
    assert house.log_in("ann", mfa_code=codes[0]).status == 200


def test_asking_for_a_code_takes_back_no_count_of_wrong_ones(house: House) -> None:
    house.add()
    totp, _ = house.enrol()
    house.clock.advance(MINUTE)
    right = {totp.at(house.clock.now() + away * HALF) for away in (-1, 0, 1)}
    wrong = next(code for code in ("000000", "111111", "222222", "333333") if code not in right)
    statuses = []
    for _ in range(5):
        assert house.log_in().kind == "mfa-required"
        statuses.append(house.log_in(mfa_code=wrong).status)
    assert statuses == [401] * 5
    assert house.log_in(mfa_code=totp.at(house.clock.now())).status == 429


def test_guessing_codes_from_many_addresses_waits_as_well(house: House) -> None:
    house.add()
    totp, _ = house.enrol()
    house.clock.advance(MINUTE)
    right = {totp.at(house.clock.now() + away * HALF) for away in (-1, 0, 1)}
    wrong = next(code for code in ("000000", "111111", "222222", "333333") if code not in right)
    statuses = [house.log_in(mfa_code=wrong, address=f"198.51.100.{number}").status for number in range(12)]
    assert statuses == [401] * 10 + [429] * 2


def test_turning_it_off_takes_code_and_password_and_ends_other_sessions(house: House) -> None:
    house.add()
    totp, codes = house.enrol()
    house.clock.advance(MINUTE)
    token = house.token(mfa_code=totp.at(house.clock.now()))
    other = house.token(mfa_code=codes[0])
    house.clock.advance(MINUTE)
    code = totp.at(house.clock.now())
    for body in ({"code": code, "password": "certainly not it"}, {"code": codes[0], "password": PASSWORD}):
        assert house.ask("POST", "users/mfa/disable", body, token=token).status == 401
    for body in ({"code": code}, {"password": PASSWORD}, {}):
        assert house.ask("POST", "users/mfa/disable", body, token=token).status == 422
    answer = house.ask("POST", "users/mfa/disable", {"code": code, "password": PASSWORD}, token=token)
    assert (answer.status, answer.body) == (200, {"mfa_enabled": False})
    assert house.ask("GET", "users/me", token=other).kind == "revoked-session"
    assert house.log_in().status == 200
    assert house.log_in(mfa_code=codes[1]).status == 200  # a code that nobody asked for is not looked at
    again = house.ask("POST", "users/mfa/disable", {"code": code, "password": PASSWORD}, token=token)
    assert (again.status, again.kind) == (409, "mfa-not-enabled")
    with house.server.database.reading() as connection:
        assert connection.execute(select(backup_codes)).all() == []


def test_new_paper_codes_replace_the_old_ones(house: House) -> None:
    house.add()
    totp, old = house.enrol()
    house.clock.advance(MINUTE)
    token = house.token(mfa_code=totp.at(house.clock.now()))
    house.clock.advance(MINUTE)
    body = {"code": totp.at(house.clock.now()), "password": PASSWORD}
    answer = house.ask("POST", "users/mfa/backup-codes", body, token=token)
    assert answer.status == 200
    assert not set(answer.body["backup_codes"]) & set(old)
    assert house.log_in(mfa_code=old[0]).status == 401
    assert house.log_in(mfa_code=answer.body["backup_codes"][0]).status == 200


def test_setting_it_up_asks_for_the_password_after_five_minutes(house: House) -> None:
    house.add()
    token = house.token()
    house.clock.advance(timedelta(seconds=300))
    answer = house.ask("POST", "users/mfa/setup", token=token)
    assert (answer.status, answer.kind) == (403, "step-up-required")
    shown = house.ask("POST", "auth/step-up", {"password": PASSWORD}, token=token)
    assert (shown.status, shown.body) == (200, {"valid_until": "2026-09-15T15:10:00.000000Z"})
    assert house.ask("POST", "users/mfa/setup", token=token).status == 200
    assert "auth.step-up" in house.actions()


def test_showing_who_one_is_takes_the_second_factor_where_it_is_on(house: House) -> None:
    house.add()
    totp, _ = house.enrol()
    house.clock.advance(MINUTE)
    token = house.token(mfa_code=totp.at(house.clock.now()))
    house.clock.advance(timedelta(seconds=600))
    asked = house.ask("POST", "auth/step-up", {"password": PASSWORD}, token=token)
    assert (asked.status, asked.kind) == (401, "mfa-required")
    code = totp.at(house.clock.now())
    body = {"password": PASSWORD, "mfa_code": code}
    assert house.ask("POST", "auth/step-up", body, token=token).status == 200
    assert house.ask("POST", "auth/step-up", body, token=token).status == 401  # the code was used


def test_a_step_up_on_another_worker_counts_at_once(house: House) -> None:
    from server.store.tables import sessions

    house.add()
    token = house.token()
    house.clock.advance(timedelta(seconds=600))
    assert house.ask("POST", "users/mfa/setup", token=token).kind == "step-up-required"
    now = house.clock.now()
    house.server.database.write(lambda connection: connection.execute(sessions.update().values(stepped_up_at=now)))
    assert house.ask("POST", "users/mfa/setup", token=token).status == 200


def test_where_it_is_demanded_keys_wait_for_it_and_turning_it_off_leads_back_to_enrolling(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.add()
    key = house.ask("POST", "keys", {"name": "job", "scopes": ["portfolio:read"]}, token=house.token()).body["key"]
    demanding = house.server.settings.model_copy(update={"second_factor": (Role.TRADER,)})
    monkeypatch.setattr(house.auth, "settings", demanding)
    house.auth.forget_sessions_of(house.auth.stores.database.write(lambda c: c.execute(select(users.c.id)).scalar()))
    waits = house.ask("GET", "portfolio/accounts", token=key)
    assert (waits.status, waits.kind) == (403, "mfa-enrolment-required")
    assert "optionix mfa setup" in waits.body["detail"]
    totp, codes = house.enrol()
    assert house.ask("GET", "portfolio/accounts", token=key).status == 200
    token = house.token(mfa_code=codes[0])
    assert house.ask("GET", "sessions", token=token).status == 200
    house.clock.advance(MINUTE)
    off = {"code": totp.at(house.clock.now()), "password": PASSWORD}
    assert house.ask("POST", "users/mfa/disable", off, token=token).status == 200
    for shown in (token, key):
        assert house.ask("GET", "portfolio/accounts", token=shown).kind == "mfa-enrolment-required"
    assert house.ask("POST", "users/mfa/setup", token=token).status == 200


def test_attempts_are_counted_also_where_others_are_forgiven_meanwhile(house: House) -> None:
    """The row of a count comes and goes between the lines of another transaction."""
    lockout, database = house.auth.lockout, house.server.database

    def begin_and_forgive(number: int) -> None:
        for _ in range(40):
            attempt = lockout.begin("mfa", str(number % 2), free=10**6)
            database.write(lambda connection, attempt=attempt: lockout.forgive(connection, attempt))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(begin_and_forgive, range(8)))
    with database.reading(fresh=True) as connection:
        assert connection.execute(select(login_failures)).all() == []
