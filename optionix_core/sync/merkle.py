"""Merkle trees over logs: one root speaks for all entries, and short proofs tie an entry or an older root to it.

Hashing is that of RFC 6962, section 2.1: a leaf is SHA-256(0x00 || entry), a node SHA-256(0x01 || left || right), the
left subtree of n leaves holds the largest power of two below n, and the root of no entries is SHA-256 of nothing.
Proofs are checked by the algorithms of RFC 9162, sections 2.1.3.2 and 2.1.4.2.

`Frontier` appends in O(log n) and keeps O(log n) hashes: a log never reads its old entries to make a new root.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

from optionix_core.errors import IntegrityError, InvalidValueError

EMPTY_ROOT: Final = sha256(b"").digest()
"""The root of no entries."""
HASH_BYTES: Final = 32


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry, 32 bytes."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """What is kept of a growing tree: the roots of its full subtrees, the largest first."""

    __slots__ = ("_peaks", "_size")

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        if size < 0 or len(peaks) != size.bit_count() or any(len(peak) != HASH_BYTES for peak in peaks):
            raise IntegrityError(f"a tree of {size} entries has {max(size, 0).bit_count()} full subtrees, not these")
        self._size = size
        self._peaks = list(peaks)

    @classmethod
    def of_bytes(cls, size: int, data: bytes) -> Frontier:
        """As `to_bytes` wrote it. IntegrityError where it does not fit the size."""
        return cls(size, [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)])

    def to_bytes(self) -> bytes:
        """The subtrees' roots in a row."""
        return b"".join(self._peaks)

    @property
    def size(self) -> int:
        """How many entries it has."""
        return self._size

    def append(self, leaf: bytes) -> None:
        """Add the hash of the next entry."""
        size = self._size
        while size & 1:
            leaf = node_hash(self._peaks.pop(), leaf)
            size >>= 1
        self._peaks.append(leaf)
        self._size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add several."""
        for leaf in leaves:
            self.append(leaf)

    def root(self) -> bytes:
        """The root over all entries so far."""
        if not self._peaks:
            return EMPTY_ROOT
        found = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            found = node_hash(peak, found)
        return found


def root(leaves: Iterable[bytes]) -> bytes:
    """The root over the hashes of entries."""
    frontier = Frontier()
    frontier.extend(leaves)
    return frontier.root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes that lead from entry `index` (from 0) to the root, the nearest first. InvalidValueError outside."""
    size = len(leaves)
    if not 0 <= index < size:
        raise InvalidValueError("index", index, f"0 to {size - 1}")
    return _path(leaves, 0, size, index)


def consistency_proof(leaves: Sequence[bytes], older: int) -> list[bytes]:
    """The hashes that show that the tree of the first `older` entries is a beginning of this one.

    InvalidValueError where `older` is not between 1 and the number of entries.
    """
    size = len(leaves)
    if not 1 <= older <= size:
        raise InvalidValueError("older size", older, f"1 to {size}")
    return _subproof(leaves, 0, size, older, complete=True)


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes) -> bool:
    """Whether the entry with hash `leaf` is number `index` (from 0) of the `size` under the root `expected`."""
    if not 0 <= index < size:
        return False
    node, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            found = node_hash(sibling, found)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            found = node_hash(found, sibling)
        node >>= 1
        last >>= 1
    return last == 0 and found == expected


def verify_consistency(older: int, newer: int, older_root: bytes, newer_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of `newer` entries begins with the `older` (at least 1) that `older_root` speaks for."""
    if not 1 <= older <= newer:
        return False
    if older == newer:
        return not proof and older_root == newer_root
    path = list(proof)
    if older & (older - 1) == 0:
        path.insert(0, older_root)
    if not path:
        return False
    node, last = older - 1, newer - 1
    while node & 1:
        node >>= 1
        last >>= 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old = node_hash(sibling, old)
            new = node_hash(sibling, new)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            new = node_hash(new, sibling)
        node >>= 1
        last >>= 1
    return last == 0 and old == older_root and new == newer_root


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def _root(leaves: Sequence[bytes], start: int, stop: int) -> bytes:
    return root(leaves[at] for at in range(start, stop))


def _path(leaves: Sequence[bytes], start: int, stop: int, index: int) -> list[bytes]:
    if stop - start == 1:
        return []
    middle = start + _split(stop - start)
    if index < middle:
        return [*_path(leaves, start, middle, index), _root(leaves, middle, stop)]
    return [*_path(leaves, middle, stop, index), _root(leaves, start, middle)]


def _subproof(leaves: Sequence[bytes], start: int, stop: int, older: int, *, complete: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962 over leaves start..stop; `older` counts from `start`."""
    if older == stop - start:
        return [] if complete else [_root(leaves, start, stop)]
    split = _split(stop - start)
    middle = start + split
    if older <= split:
        return [*_subproof(leaves, start, middle, older, complete=complete), _root(leaves, middle, stop)]
    return [*_subproof(leaves, middle, stop, older - split, complete=False), _root(leaves, start, middle)]
