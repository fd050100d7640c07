"""Token keys are replaced with an overlap."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from optionix_core.errors import ConfigurationError
from optionix_core.market.clock import ManualClock
from server.crypto.keys import REFRESH_SECONDS, KeyRing
from server.crypto.master import LocalMasterKey
from server.crypto.signing import LEAD, MARGIN, TokenKeys
from server.settings import ServerSettings
from server.store.database import Database
from tests.server.crypto.conftest import MASTER


def test_a_former_key_is_believed_for_the_overlap_alone(ring: KeyRing, clock: ManualClock) -> None:
    settings = ServerSettings()
    keys = TokenKeys(settings, ring, clock)
    kid, private = keys.signer()
    clock.advance(timedelta(days=30))
    assert keys.verifier(kid) is not None, "it is not replaced by time alone"
    new = keys.rotate()
    assert new != kid
    assert keys.signer()[0] == kid, "other workers do not know the new one yet"
    clock.advance(LEAD)
    assert keys.signer()[0] == new
    clock.advance(timedelta(seconds=settings.access_token_seconds) + MARGIN - LEAD)
    former = keys.verifier(kid)
    assert former is not None
    former.verify(private.sign(b"token"), b"token")
    clock.advance(timedelta(seconds=1))
    assert keys.verifier(kid) is None
    assert keys.verifier(new) is not None
    assert keys.verifier("unknown") is None


def test_a_token_is_believed_by_every_worker_while_keys_are_replaced(
    ring: KeyRing, database: Database, clock: ManualClock
) -> None:
    """The other worker reads its keys every half minute; nobody who signed in meanwhile is refused there."""
    keys = TokenKeys(ServerSettings(), ring, clock)
    other = KeyRing.opened(database, LocalMasterKey(MASTER), clock)
    believing = TokenKeys(ServerSettings(), other, clock)
    new, began = keys.rotate(), clock.now()
    for _ in range(6):
        assert believing.verifier(keys.signer()[0]) is not None
        clock.advance(timedelta(seconds=REFRESH_SECONDS / 2))
        if clock.now() - began >= timedelta(seconds=REFRESH_SECONDS):
            other.refresh()
    assert keys.signer()[0] == new
    assert LEAD + timedelta(seconds=5) < MARGIN, "what the former key signs last is believed to its end"


def pem(key: object) -> SecretStr:
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())  # type: ignore[attr-defined]
    return SecretStr(text.decode())


def test_a_deployments_own_key_signs(ring: KeyRing, clock: ManualClock) -> None:
    mine = Ed25519PrivateKey.generate()
    keys = TokenKeys(ServerSettings(token_key=pem(mine)), ring, clock)
    kid, private = keys.signer()
    assert private.public_key() == mine.public_key()
    assert keys.verifier(kid) == mine.public_key()
    assert keys.verifier(TokenKeys(ServerSettings(), ring, clock).signer()[0]) is not None


@pytest.mark.parametrize("given", [SecretStr("-----BEGIN nothing"), pem(generate_private_key(SECP256R1()))])
def test_other_keys_are_refused(given: SecretStr, ring: KeyRing, clock: ManualClock) -> None:
    with pytest.raises(ConfigurationError, match="token key"):
        TokenKeys(ServerSettings(token_key=given), ring, clock)
