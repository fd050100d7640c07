"""Where quotes come from: simulated, replayed, files."""
