"""How something is said: arousal and emphasis out of level, pitch and speaking rate, without a network."""

from mandible.device.expression.expression import Expression

__all__ = ["Expression"]
