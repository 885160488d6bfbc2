"""The page about a result."""
