"""Orders, the pre-trade gate and venues."""
