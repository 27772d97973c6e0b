"""The SRI24 space."""
