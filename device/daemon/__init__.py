"""A line that runs for months: its controls, what it tells of itself, and its service manager."""
