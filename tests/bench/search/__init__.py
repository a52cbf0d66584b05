"""The search beside its peers on real papers: what `make bench-search` runs."""
