"""How late the mouth is: speech played to a real ``mandible run`` in real time, and its board watched.

``sentence`` says what is played, ``pipe`` and ``virtual_microphone`` play it, ``watched_board`` is the board,
``performance`` brings them together; ``matching`` and ``shifts`` turn what was seen into figures, and
``syllable`` shows one syllable's way from sound to pulse.
"""
