"""Energy, heat and throttling of the computer that a line runs on."""
