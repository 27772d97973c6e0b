"""Arrays to PNG."""
