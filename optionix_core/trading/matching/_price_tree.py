"""Prices of one side of a book in order: a tree of digits in base 32, for the compiler.

Buyers' keys fall as prices rise and sellers' rise with them, so the best price of either side is the lowest key. A leaf
holds a block of 32 prices, one bit and one place each; a node holds 32 blocks. The root is as high as the prices of
its side are apart, not as high as they are great: prices within 1,000 ticks make two or three steps, prices 2^38 apart
eight, and no price lies outside. Nothing is balanced, moved or rebased. The leaf met last is kept, since most orders
come near the touch.
"""

from __future__ import annotations

from typing import Any

from optionix_core.trading.matching.layout import (
    BEST,
    BITS,
    CHILD,
    FREE_LEVEL,
    FREE_NODE,
    HEAD,
    HEIGHT,
    KEY,
    LEAF,
    LEVEL_QUANTITY,
    LEVEL_SIDE,
    LEVEL_SIGN,
    PARENT,
    PREFIX,
    RECENT,
    ROOT,
    TAIL,
    TRADED,
)


def lowest(bits: int) -> Any:
    """Place of the lowest bit that is set among 32."""
    place = 0
    if bits & 0xFFFF == 0:
        bits >>= 16
        place = 16
    if bits & 0xFF == 0:
        bits >>= 8
        place += 8
    if bits & 0xF == 0:
        bits >>= 4
        place += 4
    if bits & 0x3 == 0:
        bits >>= 2
        place += 2
    return place + 1 - (bits & 1)


def taken(s: Any, free: int) -> Any:
    """A free row of `rows`; the first number of a free row refers to the next one."""
    row = s[free]
    s[free] = s[row]
    s[free + 1] -= 1
    return row


def given_back(s: Any, free: int, row: int) -> None:
    """Make a row free."""
    s[row] = s[free]
    s[free] = row
    s[free + 1] += 1


def node_made(s: Any, parent: int, height: int, prefix: int) -> Any:
    """A node without children."""
    node = taken(s, FREE_NODE)
    s[node + BITS] = 0
    s[node + PARENT] = parent
    s[node + HEIGHT] = height
    s[node + PREFIX] = prefix
    return node


def leaf_of(s: Any, side: int, key: int) -> Any:
    """The leaf of a key's block, made where there is none."""
    node = s[side + ROOT]
    if node < 0:
        node = node_made(s, -1, 0, key >> 5)
        s[side + ROOT] = node
        return node
    while key >> (5 * (s[node + HEIGHT] + 1)) != s[node + PREFIX]:
        prefix = s[node + PREFIX]
        above = node_made(s, -1, s[node + HEIGHT] + 1, prefix >> 5)
        s[above + BITS] = 1 << (prefix & 31)
        s[above + CHILD + (prefix & 31)] = node
        s[node + PARENT] = above
        s[side + ROOT] = above
        node = above
    height = s[node + HEIGHT]
    while height > 0:
        digit = (key >> (5 * height)) & 31
        if s[node + BITS] & (1 << digit) == 0:
            below = node_made(s, node, height - 1, key >> (5 * height))
            s[node + BITS] |= 1 << digit
            s[node + CHILD + digit] = below
        node = s[node + CHILD + digit]
        height -= 1
    return node


def level_of(s: Any, side: int, sign: int, key: int) -> Any:
    """The level of a key, made where there is none."""
    leaf = s[side + RECENT]
    if leaf < 0 or s[leaf + PREFIX] != key >> 5:
        leaf = leaf_of(s, side, key)
        s[side + RECENT] = leaf
    digit = key & 31
    if s[leaf + BITS] & (1 << digit):
        return s[leaf + CHILD + digit]
    level = taken(s, FREE_LEVEL)
    s[leaf + BITS] |= 1 << digit
    s[leaf + CHILD + digit] = level
    s[level + KEY] = key
    s[level + HEAD] = -1
    s[level + TAIL] = -1
    s[level + LEVEL_QUANTITY] = 0
    s[level + LEAF] = leaf
    s[level + TRADED] = 0
    s[level + LEVEL_SIDE] = side
    s[level + LEVEL_SIGN] = sign
    best = s[side + BEST]
    if best < 0 or key < s[best + KEY]:
        s[side + BEST] = level
    return level


def level_at(s: Any, side: int, key: int) -> Any:
    """The level of a key, or -1."""
    node = s[side + ROOT]
    if node < 0 or key < s[s[side + BEST] + KEY]:
        return -1
    height = s[node + HEIGHT]
    if key >> (5 * (height + 1)) != s[node + PREFIX]:
        return -1
    while height >= 0:
        digit = (key >> (5 * height)) & 31
        if s[node + BITS] & (1 << digit) == 0:
            return -1
        node = s[node + CHILD + digit]
        height -= 1
    return node


def level_dropped(s: Any, level: int) -> None:
    """Take an empty level out; the next best takes its place where it was the best."""
    side = s[level + LEVEL_SIDE]
    node = s[level + LEAF]
    digit = s[level + KEY] & 31
    while node >= 0:
        bits = s[node + BITS] ^ (1 << digit)
        s[node + BITS] = bits
        if bits != 0:
            break
        digit = s[node + PREFIX] & 31
        above = s[node + PARENT]
        if node == s[side + RECENT]:
            s[side + RECENT] = -1
        given_back(s, FREE_NODE, node)
        node = above
    if node < 0:
        s[side + ROOT] = -1
        s[side + BEST] = -1
    elif s[side + BEST] == level:
        s[side + BEST] = first_below(s, node)
    given_back(s, FREE_LEVEL, level)


def first_below(s: Any, node: int) -> Any:
    """The level of the lowest key under a node."""
    height = s[node + HEIGHT]
    while height >= 0:
        node = s[node + CHILD + lowest(s[node + BITS])]
        height -= 1
    return node


def level_after(s: Any, level: int) -> Any:
    """The level of the next key, or -1."""
    node = s[level + LEAF]
    digit = s[level + KEY] & 31
    while node >= 0:
        later = s[node + BITS] & ~((2 << digit) - 1)
        if later != 0:
            child = s[node + CHILD + lowest(later)]
            return child if s[node + HEIGHT] == 0 else first_below(s, child)
        digit = s[node + PREFIX] & 31
        node = s[node + PARENT]
    return -1
