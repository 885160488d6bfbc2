"""Level, pitch, arousal and emphasis of made and of synthesised voices."""
