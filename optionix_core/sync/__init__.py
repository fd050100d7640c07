"""The event log, its canonical bytes and its hash chain."""

from optionix_core._lazy import lazy_names

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "EMPTY_HEAD": "optionix_core.sync.event",
        "GENESIS": "optionix_core.sync.event",
        "Event": "optionix_core.sync.event",
        "EventStore": "optionix_core.sync.event",
        "FoldCheckpoint": "optionix_core.sync.checkpoints",
        "Follower": "optionix_core.sync.follower",
        "Head": "optionix_core.sync.event",
        "MemoryEventStore": "optionix_core.sync.memory",
        "Record": "optionix_core.sync.event",
        "Verification": "optionix_core.sync.event",
        "canonical": "optionix_core.sync.canonical",
        "chain": "optionix_core.sync.chain",
        "merkle": "optionix_core.sync.merkle",
    },
)
