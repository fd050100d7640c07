"""Provides the browser of the tests: on Debian, as root, Chromium from the system's packages. Standard library only.

Elsewhere it says what to install and changes nothing; the tests that need a browser then skip and say the same. Where
`BROWSER_REQUIRED` is set, as .ci/run does, a browser that is missing is a failure, here and there.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import time

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PACKAGES = ("chromium", "fonts-dejavu-core")
"""The second has the dots of the plots."""
ADVICE = "put `chromium` or `google-chrome` on the path (Debian: apt install chromium)"


def is_debian() -> bool:
    """Whether `apt-get` gives a Chromium that needs nothing else; Ubuntu's is a snap."""
    try:
        return platform.freedesktop_os_release().get("ID") == "debian"
    except OSError:
        return False


def install() -> bool:
    """Install it; whether that went well."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "DEBCONF_NOWARNINGS": "yes"}
    quiet = ("apt-get", "-qq", "-o=Dpkg::Use-Pty=0")
    for words in (("update",), ("install", "--yes", "--no-install-recommends", *PACKAGES)):
        if subprocess.run([*quiet, *words], env=environment, check=False, stdout=subprocess.DEVNULL).returncode:
            return False
    return True


def main() -> int:
    """Find or install; the exit status."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is not None:
        print(f"the browser of the tests is {found}")
        return 0
    if is_debian() and os.geteuid() == 0 and shutil.which("apt-get"):
        started = time.monotonic()
        if install():
            print(f"installed Chromium in {time.monotonic() - started:.1f} s")
            return 0
        print(f"Chromium could not be installed; {ADVICE}", file=sys.stderr)
    else:
        print(f"no browser: the tests in one are skipped; {ADVICE}", file=sys.stderr)
    return int("BROWSER_REQUIRED" in os.environ)


if __name__ == "__main__":
    raise SystemExit(main())
