"""Voices for tests: fresh sentences, spoken at test time, whose phone times are known."""
