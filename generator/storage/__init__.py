"""The only readers and writers of disk."""
