"""Reconstruct and segment."""
