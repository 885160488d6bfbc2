"""What a viewer would see: sound in, pulses measured at the pins, judged against known phones."""
