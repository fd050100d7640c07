"""Passwords that are guessed soon: common ones, and what people make of words, names, dates, keyboards and repeats.

How many guesses one takes is estimated by zxcvbn (Wheeler, "zxcvbn: low-budget password strength estimation", USENIX
Security 2016), which knows the 30,000 most common published passwords and how people alter them. Its time grows
exponentially with letters that stand for others, so that it is shown pieces of bounded length.
"""

from __future__ import annotations

import re
from typing import Final

FEWEST: Final = 100_000_000
"""Guesses that a password has to withstand."""
PIECE: Final = 24
"""Characters that are looked at, at either end: at most 0.2 s of CPU."""
OURS: Final = "optionix"


def is_guessed_soon(password: str, email: str) -> bool:
    """Whether fewer than `FEWEST` guesses find it, by somebody who knows the email that it belongs to.

    Of a password longer than `PIECE` characters both ends have to be so weak.
    """
    from zxcvbn import matching, scoring  # 0.1 s, and only who chooses a password needs it

    known = [OURS, *(word for word in re.split(r"[^a-z0-9]+", email.casefold()) if len(word) > 2)]
    # `zxcvbn.zxcvbn` keeps what is known of one caller in a global: another thread's caller would be asked with it.
    words = {**matching.RANKED_DICTIONARIES, "user_inputs": matching.build_ranked_dict(known)}

    def weak(piece: str) -> bool:
        found = scoring.most_guessable_match_sequence(piece, matching.omnimatch(piece, words))
        return bool(found["guesses"] < FEWEST)

    return weak(password[:PIECE]) and (len(password) <= PIECE or weak(password[-PIECE:]))
