"""The command line: thin commands over `optionix_core.services`, every heavy import deferred."""
