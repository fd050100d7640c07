"""The event log, its canonical bytes and its hash chain."""
