"""The companion server's room: routers, middleware and authentication over `optionix_core.services`."""
