"""The checklist of the security standard names tests that are there, and misses none of its own lines' reasons."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "security" / "asvs.md"
NODE = re.compile(r"`(tests/[a-z_/]+\.py)::(test_[a-z0-9_]+)`")
REASONS = ("Does not apply: ", "Of the deployment: ", "Open: ")
OPEN: set[str] = set()
"""Lines that are not met, or not tied to a test yet; one that is added here is a step back."""


def rows() -> list[list[str]]:
    found = [
        line.strip("|\n ").split(" | ") for line in DOCUMENT.read_text("utf-8").splitlines() if line.startswith("| ")
    ]
    return [[cell.strip() for cell in row] for row in found if re.fullmatch(r"[0-9.]+", row[0].strip())]


@cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))


def test_the_list_is_one() -> None:
    numbers = [row[0] for row in rows()]
    assert len(numbers) == 70 + 183  # levels 1 and 2 of release 5.0.0
    assert len(set(numbers)) == len(numbers)
    assert sorted(numbers, key=lambda one: [int(part) for part in one.split(".")]) == numbers
    assert {row[1] for row in rows()} == {"1", "2"}


@pytest.mark.parametrize("row", rows(), ids=[row[0] for row in rows()])
def test_every_line_has_a_test_that_is_there_or_a_reason(row: list[str]) -> None:
    assert len(row) == 5, row
    number, _, what, how, proof = row
    assert what
    named = NODE.findall(proof)
    reasoned = proof.startswith(REASONS) and len(proof) > 20
    assert named or reasoned, "neither a test nor a reason"
    assert how or reasoned
    for path, name in named:
        assert name in names_in(path), f"{path} has no {name}"
    assert proof.startswith("Open: ") == (number in OPEN)
