"""Papers and their pages in content/."""
