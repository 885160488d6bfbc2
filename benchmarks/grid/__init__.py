"""Model x engine x precision x threads: each point timed in processes of its own, all in turns."""
