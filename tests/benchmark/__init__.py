"""`mandible benchmark`: its figures, suites, files, comparisons and pages."""
