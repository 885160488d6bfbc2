"""What the decoder does with the network's opinion: closures first, no flicker, quiet means shut."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mandible.device.decoder import CLOSURES, Decoder, DecoderSettings, openness_table
from mandible.device.frames import Frame
from mandible.models.visemes import Viseme
from tests.line import make_golden

SCALE = 0.1
PCM = np.zeros(160, np.int16)
SPEECH, QUIET = np.full(40, 20, np.int8), np.full(40, -120, np.int8)


def logits(**beliefs: float) -> np.ndarray:
    """Logits whose softmax is close to the given probabilities."""
    probability = np.full(15, 1e-4)
    for name, value in beliefs.items():
        probability[Viseme[name]] = value
    values = np.log(probability / probability.max()) / SCALE
    return np.clip(values + 60, -128, 127).round().astype(np.int8)


def decode(hops: Sequence[np.ndarray], mel: np.ndarray = SPEECH, **chosen: int) -> list[Frame]:
    decoder = Decoder(SCALE, DecoderSettings(**chosen))
    return [decoder.step(Frame(i, 0, PCM, mel=mel, logits=hop)) for i, hop in enumerate(hops)]


def visemes(frames: Sequence[Frame]) -> list[str]:
    return [frame.viseme.name for frame in frames if frame.viseme is not None]


OPEN, SHUT = logits(aa=0.97), logits(PP=0.97)


def test_starts_shut() -> None:
    (first,) = decode([logits(sil=0.99)])
    assert (first.viseme, first.openness) == (Viseme.sil, 0)


def test_a_single_hop_of_closure_shuts_the_mouth_wholly() -> None:
    frames = decode([OPEN] * 20 + [SHUT] + [OPEN] * 20)
    assert frames[19].openness is not None
    assert frames[19].openness > 240
    assert frames[20].viseme == Viseme.PP
    assert frames[20].openness == 0
    assert frames[20].weights is not None
    assert frames[20].weights[Viseme.PP] == 255


def test_a_closure_lasts_its_minimum_and_then_lets_go() -> None:
    frames = decode([OPEN] * 10 + [SHUT] + [OPEN] * 30, closure_hold_ms=30)
    shut = [i for i, frame in enumerate(frames) if frame.viseme == Viseme.PP]
    assert shut == [10, 11, 12]
    assert frames[-1].openness is not None
    assert frames[-1].openness > 240


def test_a_likely_closure_counts_before_it_is_the_likeliest() -> None:
    unsure = logits(nn=0.5, PP=0.45)
    assert decode([OPEN] * 5 + [unsure], closure_threshold=100)[-1].viseme == Viseme.PP
    assert decode([OPEN] * 5 + [unsure], closure_threshold=130)[-1].viseme == Viseme.nn


def test_a_few_hops_of_fair_evidence_close_the_lips_and_one_does_not() -> None:
    fair = logits(nn=0.55, PP=0.4)
    chosen = {"closure_threshold": 130, "closure_evidence": 80, "closure_evidence_ms": 15}
    frames = decode([OPEN] * 5 + [fair] * 3, **chosen)
    assert visemes(frames)[5:] == ["nn", "nn", "PP"]
    assert "PP" not in visemes(decode([OPEN] * 5 + [fair] * 3, **{**chosen, "closure_evidence": 110}))
    assert "PP" not in visemes(decode([OPEN, fair] * 5, **chosen))


def test_evidence_from_before_does_not_close_lips_that_have_parted() -> None:
    frames = decode(
        [SHUT] * 10 + [OPEN] * 10, closure_evidence=20, closure_evidence_ms=100, closure_hold_ms=10
    )
    assert visemes(frames) == ["PP"] * 10 + ["aa"] * 10


def test_lips_to_teeth_is_a_closure_too_and_the_stronger_one_wins() -> None:
    assert decode([logits(FF=0.6, PP=0.4)])[-1].viseme == Viseme.FF
    assert decode([SHUT, logits(FF=0.97)])[-1].viseme == Viseme.FF
    assert decode([logits(FF=0.97), SHUT])[-1].viseme == Viseme.PP
    assert decode([logits(FF=0.45, nn=0.5)], teeth_threshold=110)[-1].viseme == Viseme.FF
    assert decode([logits(FF=0.45, nn=0.5)], teeth_threshold=130)[-1].viseme == Viseme.nn


def test_closures_do_not_flicker_between_lips_and_teeth() -> None:
    unsure = [logits(PP=0.52, FF=0.48), logits(PP=0.48, FF=0.52)] * 5
    assert set(visemes(decode([SHUT, *unsure]))) == {"PP"}


def test_a_wavering_closure_does_not_rattle() -> None:
    wavering = [logits(PP=0.5, nn=0.5), logits(PP=0.2, nn=0.8)] * 8
    frames = decode([SHUT, *wavering, *[logits(nn=0.97)] * 8], closure_release=38, closure_hold_ms=20)
    shut = [frame.viseme == Viseme.PP for frame in frames]
    assert all(shut[: len(wavering) + 1])
    assert not any(shut[-8:])


def test_hysteresis_keeps_the_present_viseme_until_clearly_beaten() -> None:
    wobble = [logits(ih=0.52, E=0.48), logits(ih=0.48, E=0.52)] * 10
    calm = visemes(decode([logits(ih=0.95), *wobble]))
    nervous = visemes(decode([logits(ih=0.95), *wobble], hysteresis=0, dwell_hysteresis=0))
    assert set(calm) == {"ih"}
    assert len(set(nervous)) == 2
    assert visemes(decode([logits(ih=0.95), logits(E=0.9)]))[-1] == "E"


def test_a_new_viseme_needs_more_to_be_replaced_than_an_old_one() -> None:
    lead = logits(E=0.65, ih=0.3)
    chosen = {"hysteresis": 40, "dwell_ms": 60, "dwell_hysteresis": 120}

    def replaced_after(hops: int) -> bool:
        return visemes(decode([logits(ih=0.95)] * hops + [lead], **chosen))[-1] == "E"

    assert [replaced_after(hops) for hops in range(1, 7)] == [False] * 3 + [True] * 3


def test_a_closure_does_not_wait_for_a_new_viseme_to_grow_old() -> None:
    frames = decode([logits(nn=0.95)] * 20 + [OPEN, SHUT], dwell_ms=100, dwell_hysteresis=254)
    assert visemes(frames)[-1] == "PP"


def test_vowels_rise_and_fall_with_their_time_constants() -> None:
    hops = [logits(nn=0.97)] * 5 + [OPEN] * 30
    slow = decode(hops, vowel_attack_ms=100, consonant_release_ms=50)
    fast = decode(hops, vowel_attack_ms=0, consonant_release_ms=0)
    assert slow[6].weights is not None
    assert fast[6].weights is not None
    assert slow[6].weights[Viseme.aa] < fast[6].weights[Viseme.aa]
    assert fast[6].weights[Viseme.aa] > 240
    assert slow[-1].weights is not None
    assert slow[-1].weights[Viseme.aa] > 200


def test_the_gate_shuts_the_mouth_only_after_its_hold_time() -> None:
    decoder = Decoder(SCALE, DecoderSettings(gate_hold_ms=50, rest_attack_ms=0, vowel_release_ms=0))
    for i in range(10):
        decoder.step(Frame(i, 0, PCM, mel=SPEECH, logits=OPEN))
    opening = [decoder.step(Frame(10 + i, 0, PCM, mel=QUIET, logits=OPEN)).openness for i in range(6)]
    assert all(value is not None and value > 200 for value in opening[:4])
    assert opening[-1] == 0
    again = decoder.step(Frame(20, 0, PCM, mel=SPEECH, logits=OPEN))
    assert again.openness is not None
    assert again.openness > 0


def test_reset_forgets() -> None:
    decoder = Decoder(SCALE)
    first = [decoder.step(Frame(i, 0, PCM, mel=SPEECH, logits=OPEN)).openness for i in range(5)]
    decoder.reset()
    again = [decoder.step(Frame(i, 0, PCM, mel=SPEECH, logits=OPEN)).openness for i in range(5)]
    assert first == again


def test_openness_is_ordered_as_mouths_are() -> None:
    table = openness_table()
    assert table[Viseme.sil] == table[Viseme.PP] == 0
    assert table[Viseme.aa] == 255
    assert table[Viseme.FF] < table[Viseme.ih] < table[Viseme.E] < table[Viseme.aa]


# No deadline: how long an example takes says more of the machine than of the decoder.
@settings(deadline=None)
@given(arrays.arrays(np.int8, (30, 15)), st.floats(0.01, 1.0))
def test_any_logits_give_weights_that_sum_to_255(hops: np.ndarray, scale: float) -> None:
    decoder = Decoder(scale)
    for i, hop in enumerate(hops):
        frame = decoder.step(Frame(i, 0, PCM, mel=SPEECH, logits=hop))
        assert frame.weights is not None
        assert int(frame.weights.astype(int).sum()) == 255
        assert frame.openness is not None
        assert 0 <= frame.openness <= 255
        if frame.viseme in CLOSURES:
            assert frame.weights[frame.viseme] == 255


@pytest.mark.parametrize("viseme", list(Viseme))
def test_a_certain_viseme_is_the_one_decoded(viseme: Viseme) -> None:
    frames = decode([logits(**{viseme.name: 0.98})] * 30)
    assert frames[-1].viseme == viseme
    assert frames[-1].weights is not None
    assert int(frames[-1].weights.argmax()) == viseme


def test_golden_vectors() -> None:
    golden = np.load(Path(__file__).with_name("golden_decoder.npz"))
    for name, values in make_golden.decoded(golden["logits"], golden["mel"]).items():
        np.testing.assert_array_equal(values, golden[name])
