"""The Merkle tree: roots as RFC 6962 defines them, proofs that convince, forgeries that do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import BadProof, CryptoError, MalformedInput
from crypto.log import tree
from tests.crypto.log.builders import golden, naive_reader, naive_root, some_leaves

# RFC 6962's reference implementation (google/certificate-transparency, merkletree tests):
# eight inputs, and the root after each.
REFERENCE_INPUTS = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
REFERENCE_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = some_leaves(2000)
SMALL_SIZES = range(71)


@st.composite
def trees_and_indices(draw: st.DrawFn) -> tuple[int, int]:
    """A size up to 2000 and an index in it."""
    size = draw(st.integers(1, len(LEAVES)))
    return size, draw(st.integers(0, size - 1))


@st.composite
def two_sizes(draw: st.DrawFn) -> tuple[int, int]:
    """An older and a newer size up to 2000."""
    new = draw(st.integers(0, len(LEAVES)))
    return draw(st.integers(0, new)), new


def reader(size: int) -> tree.HashReader:
    return naive_reader(LEAVES[:size])


def verify_inclusion(size: int, index: int, proof: tuple[bytes, ...]) -> None:
    tree.verify_inclusion(
        leaf=LEAVES[index], index=index, size=size, proof=proof, root=tree.root_hash(LEAVES[:size])
    )


def verify_consistency(old: int, new: int, proof: tuple[bytes, ...]) -> None:
    tree.verify_consistency(
        old_size=old,
        new_size=new,
        old_root=tree.root_hash(LEAVES[:old]),
        new_root=tree.root_hash(LEAVES[:new]),
        proof=proof,
    )


def mutations(proof: tuple[bytes, ...]) -> list[tuple[bytes, ...]]:
    """Every proof with one hash changed, lost, doubled or swapped with the next."""
    changed = []
    for n, one in enumerate(proof):
        before, after = proof[:n], proof[n + 1 :]
        changed += [(*before, bytes([one[0] ^ 1]) + one[1:], *after), before + after]
        changed += [(*before, one, one, *after), (*before, *after[:1], one, *after[1:])]
    return [other for other in changed if other != proof] + [(*proof, bytes(32))]


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_reference_implementation(size: int) -> None:
    """RFC 6962's own implementation computes the same roots."""
    leaves = [tree.leaf_hash(bytes.fromhex(text)) for text in REFERENCE_INPUTS[:size]]

    assert tree.root_hash(leaves).hex() == REFERENCE_ROOTS[size - 1]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    """RFC 6962, 2.1: the root of no entry at all is SHA-256 of the empty string."""
    assert tree.root_hash([]) == tree.EMPTY_ROOT == naive_root([])
    assert tree.root_from(0, reader(0)) == tree.EMPTY_ROOT


@pytest.mark.parametrize("size", SMALL_SIZES)
def test_every_small_tree_agrees_with_the_definition(size: int) -> None:
    """Roots, computed either way, are those of RFC 6962's recursion."""
    expected = naive_root(LEAVES[:size])

    assert tree.root_hash(LEAVES[:size]) == expected
    assert tree.root_from(size, reader(size)) == expected


@pytest.mark.parametrize("size", SMALL_SIZES)
def test_every_leaf_of_a_small_tree_can_be_proven(size: int) -> None:
    """The proof of each leaf verifies."""
    for index in range(size):
        verify_inclusion(size, index, tree.inclusion_proof(index, size, reader(size)))


@pytest.mark.parametrize("new", SMALL_SIZES)
def test_every_small_tree_continues_each_smaller_one(new: int) -> None:
    """Any two sizes of one log are consistent, and their proof says so."""
    for old in range(new + 1):
        verify_consistency(old, new, tree.consistency_proof(old, new, reader(new)))


@given(trees_and_indices())
def test_a_leaf_of_any_tree_can_be_proven(case: tuple[int, int]) -> None:
    """What holds for small trees holds for large ones."""
    size, index = case

    verify_inclusion(size, index, tree.inclusion_proof(index, size, reader(size)))


@given(two_sizes())
def test_any_two_sizes_of_one_log_are_consistent(case: tuple[int, int]) -> None:
    """What holds for small trees holds for large ones."""
    old, new = case

    verify_consistency(old, new, tree.consistency_proof(old, new, reader(new)))


@pytest.mark.parametrize("size", range(1, 20))
def test_a_changed_inclusion_proof_proves_nothing(size: int) -> None:
    """One hash changed, lost, doubled or swapped, and the proof is refused."""
    for index in range(size):
        for forged in mutations(tree.inclusion_proof(index, size, reader(size))):
            with pytest.raises(BadProof):
                verify_inclusion(size, index, forged)


@pytest.mark.parametrize("new", range(1, 20))
def test_a_changed_consistency_proof_proves_nothing(new: int) -> None:
    """One hash changed, lost, doubled or swapped, and the proof is refused."""
    for old in range(new + 1):
        for forged in mutations(tree.consistency_proof(old, new, reader(new))):
            with pytest.raises(BadProof):
                verify_consistency(old, new, forged)


@pytest.mark.parametrize("size", range(2, 20))
def test_a_proof_is_for_one_index_only(size: int) -> None:
    """The proof of one leaf does not place it, or another, elsewhere."""
    root = tree.root_hash(LEAVES[:size])
    for index in range(size):
        proof = tree.inclusion_proof(index, size, reader(size))
        for claimed in {*range(size)} - {index}:
            for leaf in (LEAVES[index], LEAVES[claimed]):
                with pytest.raises(BadProof):
                    tree.verify_inclusion(
                        leaf=leaf, index=claimed, size=size, proof=proof, root=root
                    )


@pytest.mark.parametrize("new", range(2, 20))
def test_a_log_that_changed_its_past_has_no_consistency_proof(new: int) -> None:
    """A rewritten entry gives another old root; the honest proof does not fit it."""
    for old in range(1, new + 1):
        forked = [*LEAVES[: old - 1], tree.leaf_hash(b"rewritten")]

        with pytest.raises(BadProof):
            tree.verify_consistency(
                old_size=old,
                new_size=new,
                old_root=tree.root_hash(forked),
                new_root=tree.root_hash(LEAVES[:new]),
                proof=tree.consistency_proof(old, new, reader(new)),
            )


def test_the_empty_tree_has_only_its_own_root() -> None:
    """A tree of no entries under another root is a lie, though any tree continues the empty one."""
    with pytest.raises(BadProof):
        tree.verify_consistency(
            old_size=0, new_size=1, old_root=LEAVES[0], new_root=LEAVES[0], proof=()
        )


def test_a_consistency_proof_that_is_missing_proves_nothing() -> None:
    """Without a single hash, a tree of two powers proves neither root."""
    with pytest.raises(BadProof):
        verify_consistency(4, 8, ())


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0), (0, 2**63), (0, -1)], ids=str)
def test_an_index_outside_the_tree_has_no_proof(index: int, size: int) -> None:
    """Nothing is generated for what is not there, nor verified."""
    with pytest.raises(MalformedInput):
        tree.inclusion_proof(index, size, reader(3))
    with pytest.raises(CryptoError):
        tree.verify_inclusion(leaf=LEAVES[0], index=index, size=size, proof=(), root=LEAVES[0])


@pytest.mark.parametrize(("old", "new"), [(4, 3), (-1, 3), (0, 2**63)], ids=str)
def test_sizes_that_run_backwards_have_no_proof(old: int, new: int) -> None:
    """A log does not shrink: an old size above the new one is refused on both sides."""
    with pytest.raises(MalformedInput):
        tree.consistency_proof(old, new, reader(3))
    with pytest.raises(MalformedInput):
        tree.verify_consistency(
            old_size=old, new_size=new, old_root=LEAVES[0], new_root=LEAVES[0], proof=()
        )


@pytest.mark.parametrize(
    "proof", [(b"short",), (bytes(33),), (bytes(32),) * 65], ids=["short", "long", "65 hashes"]
)
def test_a_proof_out_of_bounds_is_refused_before_it_is_hashed(proof: tuple[bytes, ...]) -> None:
    """Hashes are 32 bytes and a proof has at most 64 of them."""
    with pytest.raises(MalformedInput):
        verify_inclusion(5, 2, proof)
    with pytest.raises(MalformedInput):
        verify_consistency(3, 5, proof)


def test_the_largest_tree_can_be_verified() -> None:
    """A proof of 63 hashes in a tree of 2^63 - 1 leaves is within the bounds."""
    root = leaf = LEAVES[0]
    for _ in range(63):
        root = tree.node_hash(root, bytes(32))

    tree.verify_inclusion(
        leaf=leaf, index=0, size=tree.MAX_TREE_SIZE, proof=(bytes(32),) * 63, root=root
    )


@given(
    st.lists(st.binary(min_size=32, max_size=32), max_size=8),
    st.integers(0, 40),
    st.integers(0, 40),
)
def test_random_proofs_are_refused_and_crash_nothing(
    proof: list[bytes], first: int, second: int
) -> None:
    """Whatever a peer sends as a proof, the answer is a `CryptoError`."""
    with pytest.raises(CryptoError):
        tree.verify_inclusion(
            leaf=bytes(32), index=first, size=second, proof=proof, root=bytes(31) + b"\x01"
        )
    with pytest.raises(CryptoError):
        tree.verify_consistency(
            old_size=first,
            new_size=second,
            old_root=bytes(31) + b"\x01",
            new_root=bytes(31) + b"\x02",
            proof=proof,
        )


def test_proofs_are_those_of_go() -> None:
    """Go's checksum database makes the same roots and the same proofs, byte for byte."""
    vectors = golden("trees.json")
    leaves = some_leaves(700)
    roots = {one["size"]: bytes.fromhex(one["root"]) for one in vectors["roots"]}

    for one in vectors["inclusion"]:
        if one["size"] <= len(leaves):
            proof = tree.inclusion_proof(one["index"], one["size"], naive_reader(leaves))
            assert [part.hex() for part in proof] == one["proof"]
        tree.verify_inclusion(
            leaf=tree.leaf_hash(str(one["index"]).encode()),
            index=one["index"],
            size=one["size"],
            proof=[bytes.fromhex(part) for part in one["proof"]],
            root=roots[one["size"]],
        )
    for one in vectors["consistency"]:
        tree.verify_consistency(
            old_size=one["old_size"],
            new_size=one["new_size"],
            old_root=roots[one["old_size"]],
            new_root=roots[one["new_size"]],
            proof=[bytes.fromhex(part) for part in one["proof"]],
        )
