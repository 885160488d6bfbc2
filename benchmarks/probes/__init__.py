"""The probes: one module each, with ``Settings`` and ``measure(settings, bench)``.

``measure`` yields ``Measurement`` and ``Series``; it raises ``MandibleError`` where a part that it needs is
missing. Facts about figures (unit, meaning, tolerance) are rows of ``figures.toml``.
"""
