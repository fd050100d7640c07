"""The room opens for nothing, and its public names lead where they say."""

from __future__ import annotations

import subprocess
import sys

import pytest

import optionix_core.market as room


def test_every_public_name_resolves() -> None:
    assert set(room.__all__) <= set(dir(room))
    for name in room.__all__:
        assert getattr(room, name) is not None
    with pytest.raises(AttributeError, match="nothing_such"):
        _ = room.nothing_such


def test_what_an_order_needs_of_the_room_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "import optionix_core.market as room\n"
        "assert not {'numpy', 'optionix_core.market.osi'} & set(sys.modules)\n"
        "assert room.instrument('ORBIT 16JAN26 230 C').symbol == 'ORBIT 260116C00230000'\n"
        "heavy = {'numpy', 'numba', 'scipy', 'pandas', 'exchange_calendars', 'sqlalchemy', 'textual', 'platformdirs'}\n"
        "print(*sorted(heavy & set(sys.modules)))\n"
    )
    room.sessions.prepare()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
