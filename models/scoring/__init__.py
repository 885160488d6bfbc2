"""Scores of a viseme track against phone times; ``score_track`` and ``score_set`` are the way in.

The definitions are those of an independent scoring script, so that figures can be compared with other
programs: 10 ms frames, accepted alternatives, closures within 40 ms, every figure at no shift and at the
constant shift that suits the track best. ``docs/evaluate.md`` explains each figure.
"""

from mandible.models.scoring.score import Score, score_set, score_track

__all__ = ["Score", "score_set", "score_track"]
