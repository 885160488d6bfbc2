"""Making models small: recipes, calibration, per-layer error, hostile files."""
