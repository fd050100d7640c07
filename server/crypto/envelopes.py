"""Envelopes: AES-256-GCM, bound to what they are and where they lie.

An envelope is version (1 byte), key number (4, big-endian), random nonce (12), ciphertext and tag (16). Header, purpose
and context are authenticated, so that an envelope opens in its own place only.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from optionix_core.errors import IntegrityError, InvalidValueError
from server.crypto.keys import DATA, HEAD, KeyRing
from server.crypto.master import KEY_BYTES, NONCE_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.parts import Envelopes

VERSION: Final = 1
HEADER_BYTES: Final = 5
TAG_BYTES: Final = 16
OVERHEAD: Final = HEADER_BYTES + NONCE_BYTES + TAG_BYTES
"""By how many bytes an envelope is longer than what is in it."""


class SealedEnvelopes:
    """`server.parts.Envelopes` under the keys of a ring."""

    def __init__(self, ring: KeyRing) -> None:
        self.ring = ring
        self._chain_keys: dict[tuple[str, int], bytes] = {}

    def seal(self, purpose: str, context: str, plain: bytes) -> bytes:
        """See `Envelopes.seal`. InvalidValueError for a purpose that has no data key."""
        _check_purpose(purpose)
        key = self.ring.sealing(purpose)
        self.ring.spend(key)
        assert key.cipher is not None  # noqa: S101 - data keys have one
        header = bytes((VERSION,)) + key.id.to_bytes(4, "big")
        nonce = secrets.token_bytes(NONCE_BYTES)
        return header + nonce + key.cipher.encrypt(nonce, plain, _bound(header, purpose, context))

    def open(self, purpose: str, context: str, envelope: bytes) -> bytes:
        """See `Envelopes.open`."""
        key = self.ring.key(key_number(envelope))
        if key.purpose != purpose or key.cipher is None:
            raise IntegrityError(f"the envelope of {context} was sealed as {key.purpose}, not as {purpose}")
        header, nonce = envelope[:HEADER_BYTES], envelope[HEADER_BYTES : HEADER_BYTES + NONCE_BYTES]
        try:
            return key.cipher.decrypt(nonce, envelope[HEADER_BYTES + NONCE_BYTES :], _bound(header, purpose, context))
        except InvalidTag:
            raise IntegrityError(f"the envelope of {context} was altered, or moved there") from None

    def epoch(self) -> int:
        """See `Envelopes.epoch`."""
        return self.ring.epoch()

    def chain_key(self, purpose: str, epoch: int) -> bytes:
        """See `Envelopes.chain_key`."""
        found = self._chain_keys.get((purpose, epoch))
        if found is None:
            info = f"optionix chain {purpose}".encode("ascii")
            found = HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(self.ring.chain(epoch).secret)
            self._chain_keys[purpose, epoch] = found
        return found

    def sign_head(self, data: bytes) -> bytes:
        """See `Envelopes.sign_head`."""
        return Ed25519PrivateKey.from_private_bytes(self.ring.present(HEAD).secret).sign(data)

    def head_key(self) -> bytes:
        """See `Envelopes.head_key`."""
        private = Ed25519PrivateKey.from_private_bytes(self.ring.present(HEAD).secret)
        return private.public_key().public_bytes_raw()

    def rotate(self) -> Mapping[str, int]:
        """See `Envelopes.rotate`."""
        return self.ring.rotate()

    def close(self) -> None:
        """See `Envelopes.close`."""
        self.ring.close()


def key_number(envelope: bytes) -> int:
    """The number of the key that sealed it. IntegrityError where it is no envelope."""
    if len(envelope) < OVERHEAD or envelope[0] != VERSION:
        raise IntegrityError("what should be an envelope is none")
    return int.from_bytes(envelope[1:HEADER_BYTES], "big")


def place(table_column: str, row: object) -> str:
    """The context of a column's envelope: `users.full_name/ID`; a row named by bytes is written in hexadecimals."""
    return f"{table_column}/{row.hex() if isinstance(row, bytes) else row}"


def seal_text(envelopes: Envelopes, purpose: str, context: str, text: str) -> str:
    """An envelope for a column of text, in base64."""
    return base64.urlsafe_b64encode(envelopes.seal(purpose, context, text.encode("utf-8"))).decode("ascii")


def open_text(envelopes: Envelopes, purpose: str, context: str, sealed: str) -> str:
    """What `seal_text` sealed. IntegrityError, MissingDataError as `open`."""
    return envelopes.open(purpose, context, unpacked(sealed)).decode("utf-8")


def unpacked(sealed: str) -> bytes:
    """The envelope in a column of text. IntegrityError where it is none."""
    try:
        return base64.b64decode(sealed.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise IntegrityError("what should be an envelope in text is none") from None


def _bound(header: bytes, purpose: str, context: str) -> bytes:
    name = purpose.encode("ascii")
    return header + bytes((len(name),)) + name + context.encode("utf-8")


def _check_purpose(purpose: str) -> None:
    if purpose not in DATA:
        raise InvalidValueError("purpose", purpose, f"one of {', '.join(DATA)}")
