"""Measuring models on a corpus: which utterances, with which noise, what each model says, and how to show it.

``mandible.models.evaluate`` is the way in.
"""
