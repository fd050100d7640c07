"""While a recording is played."""

from __future__ import annotations

from config.actions.action import Action

_PLAYED = "optionix feed replay plays a recording from beginning to end"

ACTIONS: tuple[Action, ...] = (
    Action(
        "replay.turn",
        "pause/go on",
        "Hold the recording that is played, or let it go on; from its end it begins anew.",
        "replay",
        keys=("\\ \\",),
        footer=True,
        no_cli=_PLAYED,
    ),
    Action(
        "replay.slower",
        "slower",
        "Play the recording at the next lower speed.",
        "replay",
        keys=("\\ -",),
        footer=True,
        cli="optionix feed replay {recording} --speed {speed}",
    ),
    Action(
        "replay.faster",
        "faster",
        "Play the recording at the next higher speed.",
        "replay",
        keys=("\\ +",),
        footer=True,
        cli="optionix feed replay {recording} --speed {speed}",
    ),
    Action(
        "replay.back",
        "step back",
        "Hold the recording at the moment before this one.",
        "replay",
        keys=("\\ [",),
        no_cli=_PLAYED,
    ),
    Action(
        "replay.forward",
        "step",
        "Hold the recording at the moment after this one.",
        "replay",
        keys=("\\ ]",),
        no_cli=_PLAYED,
    ),
    Action(
        "replay.seek",
        "seek",
        "Write the place to play from: 14:35, 50%, +5m, -90s, start, end.",
        "replay",
        keys=("\\ /",),
        footer=True,
        no_cli=_PLAYED,
    ),
)
