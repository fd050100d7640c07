"""`optionix` and `python -m optionix_tui`: where every face starts."""

from __future__ import annotations

import sys

from optionix_tui import _origin


def main() -> None:
    """Run the command line; the exit code is the error tree's (`optionix_core/errors.py`)."""
    _origin.install()
    from optionix_tui.cli.boundary import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
