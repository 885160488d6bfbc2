"""The C of the program on one chip, its board layers and microphones."""
