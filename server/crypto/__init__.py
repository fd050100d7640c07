"""Keys and envelopes: what lies in the database is of use to nobody who lacks the master key.

The master key wraps the keys in `encryption_keys`: data keys for envelopes, epoch keys of chains, signing keys.
"""
