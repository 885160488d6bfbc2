"""The ``mandible`` command: one small file per verb."""
