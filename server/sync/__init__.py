"""Sync on the server: what devices push is taken in exactly once, judged, numbered, and pulled with signed heads."""
