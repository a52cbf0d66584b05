"""Figures of the whole program on real papers."""
