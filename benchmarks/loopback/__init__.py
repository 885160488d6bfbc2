"""Lateness of a real mouth, from a recording: the sound on one channel, the servo or the jaw on the other.

``recording`` reads and checks the file, ``servo_signal`` and ``jaw_voltage`` tell what the mouth's channel
shows, ``lateness`` compares it with what our line says of the sound, ``fit`` by how much the one is behind.
"""
