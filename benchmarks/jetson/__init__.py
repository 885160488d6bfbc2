"""What only a Jetson has: power modes, clocks that can be held, rails, TensorRT on its GPU."""
