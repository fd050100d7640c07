"""Where the shipped stress scenarios are; the engine reads them (`optionix_core.risk.stress_library`)."""

from __future__ import annotations

from pathlib import Path

STRESS_LIBRARY = Path(__file__).parent / "defaults" / "scenarios" / "stress.toml"
"""Historical scenarios with their sources, and hypothetical ones."""
