"""Matching: price-time books of many instruments, and a book of combinations above them."""

from __future__ import annotations
