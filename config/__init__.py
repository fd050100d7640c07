"""Settings, paths, the action registry and shipped defaults. Imports nothing else of ours."""
