"""WebSockets: quotes as they are now, and events of a stream without a gap."""
