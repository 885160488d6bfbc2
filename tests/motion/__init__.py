"""The planner's proof: twelve channels, a disturbed delivery, and the best trajectory the limits allow."""
