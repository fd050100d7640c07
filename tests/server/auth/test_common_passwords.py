"""What is guessed soon is refused without any list of the operator's; sentences of one's own are not."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice

import pytest
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from server.auth.common_passwords import PIECE, is_guessed_soon
from server.auth.passwords import SHORTEST, Passwords
from tests.server.auth.house import CountingHasher, House

EMAIL = "ada.byron@example.com"
SAMPLE = 150


def as_people_lengthen_them() -> Iterator[str]:
    """The most common published passwords, the most common first, made long enough where they are not."""
    for word in FREQUENCY_LISTS["passwords"]:
        if len(word) >= SHORTEST:
            yield word
        elif 2 * len(word) >= SHORTEST:
            yield word + word


def test_the_most_common_passwords_that_are_long_enough_are_refused() -> None:
    """Of the 3,000 most common: all that are published so, and a sample of those that were made longer."""
    common = list(islice(as_people_lengthen_them(), 3_000))
    assert len(common) == 3_000
    published = [word for word in FREQUENCY_LISTS["passwords"] if len(word) >= SHORTEST]
    assert len(published) > 200
    chosen = [*published, *random.Random(4).sample(common, SAMPLE)]
    assert [one for one in chosen if not is_guessed_soon(one, EMAIL)] == []


@pytest.mark.parametrize(
    "password",
    [
        "password1234", "P@ssw0rd1234", "qwertyuiop123", "iloveyou1234", "letmein123456", "123456789012",
        "abcdefghijkl", "administrator", "trustno1trustno1", "optionix-2026", "manchesterunited",
        "password" * 16,
    ],
)  # fmt: skip
def test_what_is_guessed_soon_is_refused_by_name_and_never_shown(sqlite_house: House, password: str) -> None:
    body = {"email": EMAIL, "password": password, "full_name": "Ada Byron"}
    answer = sqlite_house.ask("POST", "auth/register", body)
    assert answer.status == 422
    (error,) = answer.body["errors"]
    assert error["field"] == "password"
    assert "100,000,000 guesses" in error["bound"]
    assert password not in str(answer.body)


@pytest.mark.parametrize(
    "password",
    ["correct horse battery staple", "seventeen green parrots", "gh7!kd02Lqpz", "a" * PIECE + "kT7#qLw2Vd0z"],
)
def test_what_is_not_guessed_soon_is_taken(password: str) -> None:
    Passwords(CountingHasher()).check_new(password, EMAIL)


def test_parts_of_the_email_are_known_of_their_owner_alone() -> None:
    assert is_guessed_soon("Xq7vbnwkzr12", "xq7vbnwkzr@example.com")
    assert not is_guessed_soon("Xq7vbnwkzr12", EMAIL)


def test_letters_that_stand_for_others_do_not_hold_the_server_up() -> None:
    """The estimate's time is exponential in them: uncut, 72 of these took 9 s."""
    drawn = random.Random(1)
    password = "".join(drawn.choice("4@8({[<3619!|7105$+%2") for _ in range(128))
    before = time.process_time()
    assert not is_guessed_soon(password, EMAIL)
    assert time.process_time() - before < 2.0


def test_it_is_loaded_only_when_a_password_is_chosen() -> None:
    asked = "import sys, server.auth.passwords; sys.exit('zxcvbn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0
