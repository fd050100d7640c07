"""Envelopes open in their place, whole and under their key, and nowhere else."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select, update

from optionix_core.errors import IntegrityError, InvalidValueError, MissingDataError, StorageError
from optionix_core.market.clock import ManualClock
from server.crypto import keys
from server.crypto.columns import GRACE
from server.crypto.envelopes import OVERHEAD, SealedEnvelopes, key_number, open_text, place, seal_text
from server.crypto.keys import TRUSTED_SECONDS, KeyRing
from server.crypto.master import LocalMasterKey
from server.store.database import Database
from server.store.tables import encryption_keys
from tests.server.crypto.conftest import MASTER

WHERE = "users.full_name/7"


def test_an_envelope_opens_in_its_place_and_holds_no_plain_text(envelopes: SealedEnvelopes) -> None:
    sealed = envelopes.seal("personal", WHERE, b"Ada Lovelace")
    assert b"Ada" not in sealed
    assert len(sealed) == OVERHEAD + len(b"Ada Lovelace")
    assert envelopes.open("personal", WHERE, sealed) == b"Ada Lovelace"
    assert envelopes.seal("personal", WHERE, b"Ada Lovelace") != sealed


def test_every_altered_byte_is_found(envelopes: SealedEnvelopes) -> None:
    sealed = envelopes.seal("personal", WHERE, b"Ada")
    for at in range(len(sealed)):
        altered = sealed[:at] + bytes((sealed[at] ^ 1,)) + sealed[at + 1 :]
        with pytest.raises((IntegrityError, MissingDataError)):
            envelopes.open("personal", WHERE, altered)
    for cut in range(len(sealed)):
        with pytest.raises(IntegrityError):
            envelopes.open("personal", WHERE, sealed[:cut])


def test_an_envelope_that_was_moved_or_sealed_as_something_else_does_not_open(envelopes: SealedEnvelopes) -> None:
    sealed = envelopes.seal("secret", "users.mfa_secret/7", b"JBSWY3DP")
    with pytest.raises(IntegrityError, match="moved there"):
        envelopes.open("secret", "users.mfa_secret/8", sealed)
    with pytest.raises(IntegrityError, match="sealed as secret, not as personal"):
        envelopes.open("personal", "users.mfa_secret/7", sealed)
    with pytest.raises(InvalidValueError, match="purpose must be one of personal, secret"):
        envelopes.seal("head", WHERE, b"")


def test_text_columns_hold_envelopes_in_base64(envelopes: SealedEnvelopes) -> None:
    sealed = seal_text(envelopes, "personal", WHERE, "Zoë")
    assert open_text(envelopes, "personal", WHERE, sealed) == "Zoë"
    with pytest.raises(IntegrityError, match="none"):
        open_text(envelopes, "personal", WHERE, "not an envelope!")
    assert place("refresh_tokens.successor", b"\x01\xff") == "refresh_tokens.successor/01ff"


def test_another_process_opens_what_this_one_sealed(
    envelopes: SealedEnvelopes, database: Database, clock: ManualClock
) -> None:
    sealed = envelopes.seal("personal", WHERE, b"Ada")
    other = SealedEnvelopes(KeyRing.opened(database, LocalMasterKey(MASTER), clock))
    assert other.open("personal", WHERE, sealed) == b"Ada"
    assert other.chain_key("audit", 1) == envelopes.chain_key("audit", 1)
    assert other.head_key() == envelopes.head_key()


def test_another_master_key_opens_nothing(ring: KeyRing, database: Database, clock: ManualClock) -> None:
    with pytest.raises(IntegrityError, match="the master key is another"):
        KeyRing.opened(database, LocalMasterKey(MASTER[::-1]), clock)


def test_a_wrapped_key_that_was_put_in_anothers_place_is_found(
    ring: KeyRing, database: Database, clock: ManualClock
) -> None:
    personal, secret = ring.present("personal").id, ring.present("secret").id
    row = encryption_keys.c

    def exchange(connection: object) -> None:
        taken = connection.execute(select(row.wrapped).where(row.id == secret)).scalar_one()  # type: ignore[attr-defined]
        connection.execute(update(encryption_keys).where(row.id == personal).values(wrapped=taken))  # type: ignore[attr-defined]

    database.write(exchange)
    with pytest.raises(IntegrityError):
        KeyRing.opened(database, LocalMasterKey(MASTER), clock)


def test_after_a_rotation_old_envelopes_open_until_their_key_is_retired(
    ring: KeyRing, envelopes: SealedEnvelopes
) -> None:
    old = envelopes.seal("personal", WHERE, b"Ada")
    made = ring.rotate()
    new = envelopes.seal("personal", WHERE, b"Ada")
    assert key_number(old) != key_number(new) == made["personal"]
    assert envelopes.open("personal", WHERE, old) == envelopes.open("personal", WHERE, new) == b"Ada"
    ring.retire(key_number(old))
    assert envelopes.open("personal", WHERE, new) == b"Ada"
    with pytest.raises(MissingDataError, match="was erased"):
        envelopes.open("personal", WHERE, old)


def test_a_worker_that_does_not_know_of_a_rotation_yet_goes_on(
    ring: KeyRing, envelopes: SealedEnvelopes, database: Database, clock: ManualClock
) -> None:
    other = SealedEnvelopes(KeyRing.opened(database, LocalMasterKey(MASTER), clock))
    ring.rotate()
    late = other.seal("secret", WHERE, b"code")
    assert envelopes.open("secret", WHERE, late) == b"code"
    if database.kind == "postgresql":  # on SQLite one process has the store, with one ring
        assert other.open("secret", WHERE, envelopes.seal("secret", WHERE, b"new")) == b"new"
        assert other.seal("secret", WHERE, b"still")[:5] == late[:5], "no nonce of the new key was set aside here"
    other.ring.refresh()
    assert key_number(other.seal("secret", WHERE, b"x")) == ring.present("secret").id
    assert other.epoch() == 2


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_worker_that_was_cut_off_for_long_seals_nothing_under_a_key_that_may_be_erased(
    ring: KeyRing, database: Database, clock: ManualClock
) -> None:
    other = SealedEnvelopes(KeyRing.opened(database, LocalMasterKey(MASTER), clock))
    awake = time.monotonic()
    other.ring._ticks = lambda: awake + TRUSTED_SECONDS + 1.0
    assert other.open("secret", WHERE, other.seal("secret", WHERE, b"code")) == b"code"  # nothing was replaced
    ring.rotate()
    with pytest.raises(StorageError, match="replaced"):
        other.seal("secret", WHERE, b"code")
    other.ring.refresh()
    assert key_number(other.seal("secret", WHERE, b"code")) == ring.present("secret").id
    assert timedelta(seconds=TRUSTED_SECONDS + 5.0) < GRACE


def test_a_key_seals_no_more_than_its_bound(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "BLOCK", 4)
    monkeypatch.setattr(keys, "NONCES", 8)
    ring = KeyRing.opened(database, LocalMasterKey(MASTER), clock)
    envelopes = SealedEnvelopes(ring)
    first = [key_number(envelopes.seal("personal", WHERE, b"x")) for _ in range(4)]
    with pytest.raises(StorageError, match="no nonces left"):
        envelopes.seal("personal", WHERE, b"x")
    ring.refresh()
    second = [key_number(envelopes.seal("personal", WHERE, b"x")) for _ in range(3)]
    ring.refresh()
    third = key_number(envelopes.seal("personal", WHERE, b"x"))
    assert len({*first, *second}) == 1
    assert third == ring.present("personal").id != first[0]
    with database.reading() as connection:
        reserved = connection.execute(select(encryption_keys.c.reserved)).scalars().all()
    assert max(reserved) <= 8


def test_chains_have_a_key_for_each_purpose_and_epoch(ring: KeyRing, envelopes: SealedEnvelopes) -> None:
    assert envelopes.epoch() == 1
    ring.rotate(["chain"])
    assert envelopes.epoch() == 2
    found = {envelopes.chain_key(purpose, epoch) for purpose in ("audit", "stream") for epoch in (1, 2)}
    assert len(found) == 4
    assert {len(key) for key in found} == {32}
    with pytest.raises(MissingDataError, match="no epoch 3"):
        envelopes.chain_key("audit", 3)


def test_heads_are_signed_by_a_key_that_rotation_leaves(ring: KeyRing, envelopes: SealedEnvelopes) -> None:
    public = Ed25519PublicKey.from_public_bytes(envelopes.head_key())
    signature = envelopes.sign_head(b"root")
    ring.rotate()
    assert envelopes.head_key() == public.public_bytes_raw()
    public.verify(signature, b"root")
    with pytest.raises(InvalidSignature):
        public.verify(signature, b"other")
