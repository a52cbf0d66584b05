"""Strangers' text: made safe, rendered, and told in plain words. Pure: no file, no network."""
