"""The voice to a loudspeaker, in time with the mouth."""

from mandible.device.speaker.coinciding import auto_delay_ms
from mandible.device.speaker.speaker import Speaker, SpeakerStatus

__all__ = ["Speaker", "SpeakerStatus", "auto_delay_ms"]
