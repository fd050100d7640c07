"""The scripted feed, for tests of the venue's own halts."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

if "scripted_feed" not in sys.modules:
    spec = importlib.util.spec_from_file_location("scripted_feed", Path(__file__).with_name("scripted_feed.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["scripted_feed"] = module
    spec.loader.exec_module(module)
