"""Speech for an hour: nothing drifts, nothing grows, nothing is lost."""
