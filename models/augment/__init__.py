"""Making clean recordings sound like the rooms, microphones and noise that the model will meet.

Speaking rate, room, microphone hiss and codec change the waveform, once for each further copy of the
corpus (``takes``). Noise, level, tone and dropouts are drawn anew for every chunk, on the features
(``chunks``): one feature step is a fixed ratio of power, so mixing means adding powers and a level change
is an addition. ``sounds`` reads what a corpus holds of rooms and noise, ``synthesis`` makes the rest.
"""

from mandible.models.augment.sounds import rooms, sound_credits

__all__ = ["rooms", "sound_credits"]
