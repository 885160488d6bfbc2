"""The sample: ten seconds of synthetic speech with its phones, heard wherever no other speech is named."""
