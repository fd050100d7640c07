"""The audit log: a keyed chain that only grows, signed roots over it, and heads that lie outside the database."""
