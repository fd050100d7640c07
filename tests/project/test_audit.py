"""`make audit` counts what was passed over as a failure, as it counts a weakness."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LOCK = """# Compiled
anyio==4.1 \\
    --hash=sha256:00 \\
    --hash=sha256:11
Typing_Extensions==4.9 ; python_version >= '3.8' \\
    --hash=sha256:22
nowhere==1.0 ; sys_platform == 'plan9' \\
    --hash=sha256:33
"""


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit_script", ROOT / "scripts" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_lock_names_what_this_system_installs(audit: ModuleType) -> None:
    assert audit.pinned(LOCK) == {"anyio", "typing-extensions"}
    assert len(audit.pinned((ROOT / "runtime.lock").read_text("utf-8"))) > 50


def test_clean_packages_alone_pass(audit: ModuleType) -> None:
    clean = {"name": "anyio", "version": "4.1", "vulns": []}
    assert audit.findings({"dependencies": [clean]}, {"anyio"}) == []
    passed_over = {"name": "anyio", "skip_reason": "not found"}
    assert audit.findings({"dependencies": [passed_over]}, {"anyio"}) == ["anyio: not looked at: not found"]
    assert audit.findings({"dependencies": []}, {"anyio"}) == ["anyio: not looked at"]
    weak = clean | {"vulns": [{"id": "CVE-1", "fix_versions": ["4.2"]}, {"id": "CVE-2", "fix_versions": []}]}
    assert audit.findings({"dependencies": [weak]}, {"anyio"}) == [
        "anyio 4.1: CVE-1, mended in 4.2",
        "anyio 4.1: CVE-2, mended in no release",
    ]
