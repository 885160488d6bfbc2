"""Where frames go: servo links, files, the terminal."""
