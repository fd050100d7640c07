"""From quotes to forwards, implied volatilities and surfaces."""
