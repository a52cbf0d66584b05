"""The site as a plan: every page and URL, no HTML yet."""
