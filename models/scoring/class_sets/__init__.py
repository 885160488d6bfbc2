"""Scores of tracks that show other classes than our fifteen visemes; ``score_in`` is the way in.

A class set is three tables beside this file: ``NAME.classes.csv`` (the lip shape that each class stands for
and the opening assumed for it), ``NAME.sounds.csv`` (the classes that count as right for a sound; none where
the set has no class for it, so that it is not counted) and ``NAME.visemes.csv`` (what our visemes are in it).
"""

from mandible.models.scoring.class_sets.score import ClassScore, score_in
from mandible.models.scoring.class_sets.tables import ClassSet, class_set, class_sets
from mandible.models.scoring.class_sets.tracks import ClassTrack, class_track, of_visemes

__all__ = [
    "ClassScore",
    "ClassSet",
    "ClassTrack",
    "class_set",
    "class_sets",
    "class_track",
    "of_visemes",
    "score_in",
]
