"""optionix_tui."""
