"""Holding a run against another: a result file's portable figures, or another revision's speed."""
