"""Where digits come from: finding, fetching, checking and loading them. Knows no network."""
