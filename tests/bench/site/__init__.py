"""Whole sites beside those of other generators: what `make bench` runs."""
