"""Shared by families."""
