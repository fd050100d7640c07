"""Merkle trees: published values of RFC 6962, and laws of proofs over trees of all small sizes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.sync import merkle

VECTORS = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243")]
VECTORS += [bytes.fromhex("5051525354555657"), bytes.fromhex("606162636465666768696a6b6c6d6e6f")]
ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
"""Of Certificate Transparency's reference implementation (merkletree tests), over the first n vectors."""


@pytest.mark.parametrize("size", sorted(ROOTS))
def test_roots_are_the_published_ones(size: int) -> None:
    assert merkle.root(merkle.leaf_hash(entry) for entry in VECTORS[:size]).hex() == ROOTS[size]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def leaves(count: int) -> list[bytes]:
    return [merkle.leaf_hash(str(number).encode()) for number in range(count)]


@pytest.mark.parametrize("size", range(1, 34))
def test_every_entry_is_proved_and_no_other(size: int) -> None:
    hashes = leaves(size)
    root = merkle.root(hashes)
    for index in range(size):
        proof = merkle.inclusion_proof(hashes, index)
        assert merkle.verify_inclusion(hashes[index], index, size, proof, root)
        assert not merkle.verify_inclusion(merkle.leaf_hash(b"other"), index, size, proof, root)
        assert not merkle.verify_inclusion(hashes[index], index, size, [*proof, root], root)
        if size > 1:
            assert not merkle.verify_inclusion(hashes[index], (index + 1) % size, size, proof, root)
            assert not merkle.verify_inclusion(hashes[index], index, size, proof[:-1], root)


@pytest.mark.parametrize("size", range(1, 34))
def test_every_older_tree_is_proved_a_beginning(size: int) -> None:
    hashes = leaves(size)
    root = merkle.root(hashes)
    for older in range(1, size + 1):
        before = merkle.root(hashes[:older])
        proof = merkle.consistency_proof(hashes, older)
        assert merkle.verify_consistency(older, size, before, root, proof)
        assert not merkle.verify_consistency(older, size, merkle.leaf_hash(b"other"), root, proof)
        assert not merkle.verify_consistency(older, size, before, merkle.leaf_hash(b"other"), proof)
        if older < size:
            assert not merkle.verify_consistency(older, size, before, root, proof[:-1])
            forged = merkle.root([*hashes[: older - 1], merkle.leaf_hash(b"other")])
            assert not merkle.verify_consistency(older, size, forged, root, proof)


@given(st.lists(st.binary(max_size=8), max_size=70), st.data())
def test_a_frontier_that_was_laid_down_and_taken_up_again_gives_the_same_root(
    entries: list[bytes], data: st.DataObject
) -> None:
    hashes = [merkle.leaf_hash(entry) for entry in entries]
    cut = data.draw(st.integers(0, len(hashes)))
    first = merkle.Frontier()
    first.extend(hashes[:cut])
    second = merkle.Frontier.of_bytes(first.size, first.to_bytes())
    second.extend(hashes[cut:])
    assert second.size == len(hashes)
    assert second.root() == _by_definition(hashes)


def _by_definition(hashes: list[bytes]) -> bytes:
    """MTH of RFC 6962, as it is written there."""
    if not hashes:
        return merkle.EMPTY_ROOT
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return merkle.node_hash(_by_definition(hashes[:split]), _by_definition(hashes[split:]))


def test_a_frontier_refuses_subtrees_that_do_not_fit() -> None:
    with pytest.raises(IntegrityError, match="3 entries has 2"):
        merkle.Frontier.of_bytes(3, bytes(32))


def test_proofs_outside_the_tree_are_refused() -> None:
    with pytest.raises(InvalidValueError, match="index must be 0 to 2"):
        merkle.inclusion_proof(leaves(3), 3)
    with pytest.raises(InvalidValueError, match="older size must be 1 to 3"):
        merkle.consistency_proof(leaves(3), 0)
