"""Access tokens: what is signed is read, and every known way to forge one is refused."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from server.auth.tokens import AUDIENCE, ISSUER, AccessTokens, check_times
from server.problems import Problem
from tests.server.auth.house import NOW, House


class OneKey:
    """Signs and verifies with one key."""

    def __init__(self) -> None:
        self.key = Ed25519PrivateKey.generate()

    def signer(self) -> tuple[str, Ed25519PrivateKey]:
        return "ours", self.key

    def verifier(self, kid: str) -> Ed25519PublicKey | None:
        return self.key.public_key() if kid == "ours" else None


KEYS = OneKey()
TOKENS = AccessTokens(KEYS, 900)
HEADER: dict[str, Any] = {"alg": "EdDSA", "typ": "at+jwt", "kid": "ours"}
BEGIN = int(NOW.timestamp())
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": str(uuid4()),
    "sid": str(uuid4()),
    "iat": BEGIN,
    "nbf": BEGIN,
    "exp": BEGIN + 900,
    "jti": str(uuid4()),
}


def packed(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def forged(header: object, claims: object, key: Ed25519PrivateKey = KEYS.key) -> str:
    text = f"{packed(header)}.{packed(claims)}"
    return f"{text}.{packed(key.sign(text.encode()))}"


def without(name: str, of: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in of.items() if key != name}


def test_what_was_issued_is_read() -> None:
    user, session = uuid4(), uuid4()
    claims = TOKENS.read(TOKENS.issue(user, session, NOW))
    assert (claims.user_id, claims.session_id, claims.expires_at) == (user, session, BEGIN + 900)
    header = jwt.get_unverified_header(TOKENS.issue(user, session, NOW))
    assert header == {"alg": "EdDSA", "typ": "at+jwt", "kid": "ours"}
    assert TOKENS.read(forged(HEADER, CLAIMS)).kid == "ours"


def headers() -> Iterator[tuple[str, str]]:
    other = Ed25519PrivateKey.generate()
    public = KEYS.key.public_key()
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for alg in ("none", "None", "NONE", "nOnE"):
        yield f"alg {alg} without a signature", f"{packed(HEADER | {'alg': alg})}.{packed(CLAIMS)}."
        yield f"alg {alg} with ours", forged(HEADER | {"alg": alg}, CLAIMS)
    yield "no signature", f"{packed(HEADER)}.{packed(CLAIMS)}."
    for name, secret in (("raw", raw), ("PEM", pem), ("empty", b"")):
        text = f"{packed(HEADER | {'alg': 'HS256'})}.{packed(CLAIMS)}"
        yield f"HMAC by the {name} public key", f"{text}.{packed(hmac.digest(secret, text.encode(), sha256))}"
    for alg in ("HS256", "RS256", "ES256", "Ed25519", "eddsa"):
        yield f"alg {alg}", forged(HEADER | {"alg": alg}, CLAIMS)
    for typ in ("JWT", "jwt", "at+JWT", "application/at+jwt", "", None, 1):
        yield f"typ {typ!r}", forged(HEADER | {"typ": typ}, CLAIMS)
    yield "no typ", forged(without("typ", HEADER), CLAIMS)
    yield "no kid", forged(without("kid", HEADER), CLAIMS)
    for kid in ("", "theirs", "../../dev/null", "ours' OR '1'='1", None, 1, ["ours"], {"a": 1}):
        yield f"kid {kid!r}", forged(HEADER | {"kid": kid}, CLAIMS, other)
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": packed(other.public_key().public_bytes_raw())}
    for name, value in (
        ("jwk", jwk),
        ("jku", "https://evil.example/keys"),
        ("x5u", "https://evil.example"),
        ("x5c", ["MA"]),
    ):
        yield f"a key that it brings by {name}", forged(HEADER | {name: value}, CLAIMS, other)
        yield f"{name} beside our signature", forged(HEADER | {name: value}, CLAIMS)
    for crit in (["exp"], ["b64"], ["unknown"], [], "exp", None):
        yield f"crit {crit!r}", forged(HEADER | {"crit": crit, "unknown": 1}, CLAIMS)
    yield "b64 false", forged(HEADER | {"b64": False, "crit": ["b64"]}, CLAIMS)
    yield "another's key", forged(HEADER, CLAIMS, other)


def bodies() -> Iterator[tuple[str, str]]:
    for name in CLAIMS:
        yield f"no {name}", forged(HEADER, without(name, CLAIMS))
        yield f"{name} null", forged(HEADER, CLAIMS | {name: None})
    for issuer in ("urn:optionix:other", "", ["urn:optionix:server"], 1):
        yield f"iss {issuer!r}", forged(HEADER, CLAIMS | {"iss": issuer})
    for audience in ("urn:optionix:web", "", [AUDIENCE], [AUDIENCE, "other"], {}):
        yield f"aud {audience!r}", forged(HEADER, CLAIMS | {"aud": audience})
    for name in ("sub", "sid", "jti"):
        for value in ("", "no id", 1, ["x"], {"a": 1}):
            if name != "jti" or not isinstance(value, str):
                yield f"{name} {value!r}", forged(HEADER, CLAIMS | {name: value})
    for name in ("exp", "nbf", "iat"):
        for value in ("1789484400", 1.5, True, -1, 1 << 60, [1], "NaN"):
            yield f"{name} {value!r}", forged(HEADER, CLAIMS | {name: value})
    yield "ends before it begins", forged(HEADER, CLAIMS | {"exp": BEGIN - 1})


def spellings() -> Iterator[tuple[str, str]]:
    good = forged(HEADER, CLAIMS)
    yield "cut", good[:-8]
    yield "longer than any", good + "A" * 4096
    yield "two parts", ".".join(good.split(".")[:2])
    yield "five parts", good + ".a.b"
    yield "empty", ""
    yield "dots", ".."
    yield "header no JSON", f"{packed(b'{')}.{packed(CLAIMS)}.{good.split('.')[2]}"
    yield "header a list", forged([HEADER], CLAIMS)
    yield "claims a list", forged(HEADER, [CLAIMS])
    yield "not base64", "a.b!.c"
    header, _, signature = good.split(".")
    yield "another's claims", f"{header}.{packed(CLAIMS | {'sub': str(uuid4())})}.{signature}"


ATTACKS = dict([*headers(), *bodies(), *spellings()])


@pytest.mark.parametrize("name", ATTACKS)
def test_a_forged_token_is_refused(name: str) -> None:
    with pytest.raises(Problem) as caught:
        TOKENS.read(ATTACKS[name])
    assert (caught.value.status, caught.value.kind) == (401, "invalid-token")
    assert "WWW-Authenticate" in caught.value.headers


@settings(deadline=None)
@given(st.data())
def test_a_token_with_any_byte_altered_is_refused(data: st.DataObject) -> None:
    good = forged(HEADER, CLAIMS)
    at = data.draw(st.integers(0, len(good) - 1))
    letter = data.draw(st.characters(codec="ascii").filter(lambda one: one != good[at]))
    altered = good[:at] + letter + good[at + 1 :]
    with suppress(Problem):
        # the last letter of a part has bits that stand for nothing: the same bytes, spelled otherwise
        assert TOKENS.read(altered) == TOKENS.read(good)
        assert at in {len(good) - 1, good.index(".") - 1, good.rindex(".") - 1}


@settings(deadline=None)
@given(st.text(max_size=300))
def test_what_is_no_token_is_refused_and_breaks_nothing(text: str) -> None:
    with pytest.raises(Problem) as caught:
        TOKENS.read(text)
    assert caught.value.status == 401


@pytest.mark.parametrize(("seconds", "kind"), [(-6, "invalid-token"), (-5, None), (899, None), (900, "expired-token")])
def test_a_token_holds_from_its_issue_to_its_end(seconds: int, kind: str | None) -> None:
    claims, moment = TOKENS.read(forged(HEADER, CLAIMS)), NOW + timedelta(seconds=seconds)
    if kind is None:
        check_times(claims, moment)
        return
    with pytest.raises(Problem) as caught:
        check_times(claims, moment)
    assert (caught.value.status, caught.value.kind) == (401, kind)


def test_an_expired_token_says_so_and_a_token_of_no_session_is_revoked(sqlite_house: House) -> None:
    user = sqlite_house.add()
    token = sqlite_house.token()
    stray = sqlite_house.auth.tokens.issue(user.id, uuid4(), NOW)
    answer = sqlite_house.ask("GET", "users/me", token=stray)
    assert (answer.status, answer.kind) == (401, "revoked-session")
    sqlite_house.clock.advance(timedelta(seconds=900))
    answer = sqlite_house.ask("GET", "users/me", token=token)
    assert (answer.status, answer.kind) == (401, "expired-token")


def test_a_token_that_names_another_user_than_its_session_is_refused(sqlite_house: House) -> None:
    sqlite_house.add("ann")
    bob = sqlite_house.add("bob")
    session = sqlite_house.log_in("ann").body["session_id"]
    mixed = sqlite_house.auth.tokens.issue(bob.id, session, NOW)
    assert sqlite_house.ask("GET", "users/me", token=mixed).kind == "revoked-session"


@pytest.mark.parametrize("header", ["", "Basic YTpi", "Bearer", "Bearer ", "Bearer a b", "bearer ok_", "Token x"])
def test_a_header_that_is_no_bearer_token_is_refused(sqlite_house: House, header: str) -> None:
    answer = sqlite_house.ask("GET", "users/me", headers={"Authorization": header})
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_cookies_sign_nobody_in(sqlite_house: House) -> None:
    sqlite_house.add()
    signed = sqlite_house.log_in()
    assert "set-cookie" not in signed.headers
    cookie = {"Cookie": f"access_token={signed.body['access_token']}"}
    assert sqlite_house.ask("GET", "users/me", headers=cookie).status == 401


def test_tokens_of_a_former_key_are_believed_for_their_life_and_no_longer(house: House) -> None:
    from server.crypto.keys import TOKEN

    house.add()
    token = house.token()
    ring = house.server.envelopes.ring  # type: ignore[attr-defined]
    house.clock.advance(timedelta(seconds=1))
    former = ring.present(TOKEN).id
    ring.rotate([TOKEN])
    assert house.ask("GET", "users/me", token=token).status == 200
    assert house.ask("GET", "users/me", token=house.token()).status == 200
    ring.retire(former)
    assert house.ask("GET", "users/me", token=token).kind == "invalid-token"


def test_a_private_key_is_never_a_key_to_verify_with() -> None:
    secret = KEYS.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    text = f"{packed(HEADER | {'alg': 'HS512'})}.{packed(CLAIMS)}"
    with pytest.raises(Problem):
        TOKENS.read(f"{text}.{packed(hmac.digest(secret, text.encode(), 'sha512'))}")
