"""C sources that `mandible export c` copies beside the generated ones."""
