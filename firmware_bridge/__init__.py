"""From poses to servo pulses: rigs, the wire protocol, the host link and the board firmware."""
