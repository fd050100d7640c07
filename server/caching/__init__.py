"""Short-lived values, hints between workers and token buckets: in a Redis where one is set, else in process.

Redis is never a system of record: whatever is kept here can be lost at any moment, and is then asked for anew, or
refused. A Redis that does not answer costs one timeout of 0.2 s, then nothing until it answers again.
"""
