"""The keys that sign access tokens: Ed25519, each with an id, replaced with an overlap.

After a rotation the former key signs for `LEAD` more, in which other workers learn of the new one: a token that one
worker gives is believed by all. What the former one signed is believed for `overlap`, which covers that and the life of
a token.
"""

from __future__ import annotations

import base64
from datetime import timedelta
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from optionix_core.errors import ConfigurationError
from optionix_core.market.clock import Clock
from server.crypto.keys import REFRESH_SECONDS, TOKEN, KeyRing
from server.settings import ServerSettings

LEAD: Final = timedelta(seconds=1.5 * REFRESH_SECONDS)
"""How old a key is before it signs, unless there is no other."""
MARGIN: Final = timedelta(seconds=2 * REFRESH_SECONDS)
"""How much longer than a token's life a former key is believed."""


class TokenKeys:
    """Signs and verifies tokens by key id. Safe to use from all threads.

    With `settings.token_key` set, that key signs, and keys of the store are believed as former ones: a deployment that
    brings its own key replaces it by its own means.
    """

    def __init__(self, settings: ServerSettings, ring: KeyRing, clock: Clock) -> None:
        self._ring = ring
        self._clock = clock
        self._overlap = timedelta(seconds=settings.access_token_seconds) + MARGIN
        self._given = None if settings.token_key is None else _of_pem(settings.token_key.get_secret_value())
        self._loaded: dict[int, tuple[str, Ed25519PrivateKey]] = {}

    def signer(self) -> tuple[str, Ed25519PrivateKey]:
        """The present key and its id."""
        if self._given is not None:
            return key_id(self._given.public_key()), self._given
        keys = self._ring.all_of(TOKEN)
        known_to_all = [key for key in keys if key.created_at + LEAD <= self._clock.now()]
        key = known_to_all[-1] if known_to_all else keys[0]
        return self._private(key.id, key.secret)

    def verifier(self, kid: str) -> Ed25519PublicKey | None:
        """The public key with this id, None where it is not known or not believed any more."""
        if self._given is not None and kid == key_id(self._given.public_key()):
            return self._given.public_key()
        keys = self._ring.all_of(TOKEN)
        now = self._clock.now()
        for at, key in enumerate(keys):
            replaced = keys[at + 1].created_at if at + 1 < len(keys) else None
            if replaced is not None and replaced + self._overlap < now:
                continue
            name, private = self._private(key.id, key.secret)
            if name == kid:
                return private.public_key()
        return None

    def rotate(self) -> str:
        """Sign by a new key once every worker knows it; its id."""
        self._ring.rotate([TOKEN])
        made = self._ring.present(TOKEN)
        return self._private(made.id, made.secret)[0]

    def _private(self, number: int, secret: bytes) -> tuple[str, Ed25519PrivateKey]:
        found = self._loaded.get(number)
        if found is None:
            private = Ed25519PrivateKey.from_private_bytes(secret)
            found = self._loaded[number] = (key_id(private.public_key()), private)
        return found


def key_id(public: Ed25519PublicKey) -> str:
    """The `kid` of a key: the first 16 characters of its SHA-256 in base64url."""
    return base64.urlsafe_b64encode(sha256(public.public_bytes_raw()).digest()).decode("ascii")[:16]


def _of_pem(text: str) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(text.encode("ascii"), password=None)
    except (ValueError, TypeError):
        raise ConfigurationError("the token key is not a private key in PEM without a password") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigurationError("the token key must be an Ed25519 private key")
    return key
