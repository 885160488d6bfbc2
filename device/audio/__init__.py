"""Where sound comes from: files, pipes, commands, microphones."""
