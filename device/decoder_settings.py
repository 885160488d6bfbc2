"""What can be set of the decoder, also in a rig's ``[smoothing]``; the defaults serve all released models."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DecoderSettings:
    """How the mouth follows the network. Times in ms; weights and thresholds in 1/255.

    The defaults were found with ``python -m mandible.models.tune_decoder`` on development speakers.

    Attributes:
        vowel_attack_ms, vowel_release_ms: time constants of the vowels.
        consonant_attack_ms, consonant_release_ms: time constants of the consonants.
        rest_attack_ms, rest_release_ms: time constants of silence.
        closure_threshold: lips meet for p, b, m at once when its weight reaches this (1..255).
        closure_evidence: they meet, too, when its mean weight of late reaches this (1..255).
        closure_evidence_ms: time constant of that mean (0..200).
        teeth_threshold: the lip touches the teeth for f, v when its weight reaches this (1..255).
        closure_release: a closure ends when its weight falls under this (0..255).
        closure_hold_ms: shortest closure (0..200).
        hysteresis: by how much a viseme must beat the present one to replace it (0..254).
        dwell_ms: how long a viseme counts as new (0..500).
        dwell_hysteresis: by how much more a viseme must beat one that has just begun (0..254); the surplus
            shrinks evenly to nothing over ``dwell_ms``. Closures do not wait for it.
        gate_level: loudness (mean log-mel step, -128..127) under which nothing is speech.
        gate_hold_ms: how long it must stay under it before the mouth is shut (0..2000).
        gate_margin: by how many such steps, of 0.5 dB, silence may be louder than the room's quietest of late
            and still be the room (0..255).
        gate_room_ms: how long nothing but the room must be heard before the mouth is shut (0..2000).
        gate_silence_ms: how long the network must hear silence, however loud, before it is shut (0..2000;
            0 never).
        closure_reach_ms: a closure is kept until the servos have reached its pose, but no longer than this
            from its beginning (0..200; 0 does not wait).
        park_after_ms: the gate must be shut for so long before the servos go to neutral (0..600000; 0 never).
    """

    vowel_attack_ms: int = 10
    vowel_release_ms: int = 10
    consonant_attack_ms: int = 10
    consonant_release_ms: int = 10
    rest_attack_ms: int = 10
    rest_release_ms: int = 10
    closure_threshold: int = 88
    closure_evidence: int = 73
    closure_evidence_ms: int = 15
    teeth_threshold: int = 95
    closure_release: int = 57
    closure_hold_ms: int = 20
    hysteresis: int = 68
    dwell_ms: int = 80
    dwell_hysteresis: int = 100
    gate_level: int = -70
    gate_hold_ms: int = 120
    gate_margin: int = 16
    gate_room_ms: int = 300
    gate_silence_ms: int = 1000
    closure_reach_ms: int = 80
    park_after_ms: int = 5000
