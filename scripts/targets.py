"""Prints what a Makefile can make, from the `##` behind each target."""

from __future__ import annotations

import re
import sys
from pathlib import Path

for line in Path(sys.argv[1]).read_text("utf-8").splitlines():
    if found := re.match(r"([a-z-]+):[^#]*## (.*)", line):
        print(f"make {found[1]:<8} {found[2]}")
