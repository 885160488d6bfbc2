"""Other makers' controllers: each driver against a simulated device that is held to the maker's own bytes."""
