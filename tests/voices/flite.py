"""Flite's voices, called in this process: the library keeps each phone's end and its syllable's stress."""

from __future__ import annotations

import ctypes
from functools import cache

import numpy as np

from mandible.device.frames import SAMPLE_RATE_HZ
from tests.voices.utterance import Utterance, levelled, phones_from

VOICES = ("kal16", "awb", "rms", "slt")


_STRETCH = b"duration_stretch"


class _Wave(ctypes.Structure):
    """``cst_wave`` of flite/cst_wave.h."""

    _fields_ = (
        ("type", ctypes.c_char_p),
        ("sample_rate_hz", ctypes.c_int),
        ("samples", ctypes.c_int),
        ("channels", ctypes.c_int),
        ("data", ctypes.POINTER(ctypes.c_int16)),
    )


class _Voice(ctypes.Structure):
    """The beginning of ``cst_voice`` of flite/cst_voice.h."""

    _fields_ = (("name", ctypes.c_char_p), ("features", ctypes.c_void_p))


# Results and arguments of the functions used, from flite/flite.h, cst_utterance.h and cst_item.h.
_POINTER, _TEXT = ctypes.c_void_p, ctypes.c_char_p
_FUNCTIONS = {
    "flite_init": (ctypes.c_int, []),
    "flite_synth_text": (_POINTER, [_TEXT, _POINTER]),
    "utt_relation": (_POINTER, [_POINTER, _TEXT]),
    "utt_wave": (ctypes.POINTER(_Wave), [_POINTER]),
    "relation_head": (_POINTER, [_POINTER]),
    "item_next": (_POINTER, [_POINTER]),
    "ffeature_string": (_TEXT, [_POINTER, _TEXT]),
    "ffeature_float": (ctypes.c_float, [_POINTER, _TEXT]),
    "get_param_float": (ctypes.c_float, [_POINTER, _TEXT, ctypes.c_float]),
    "feat_set_float": (None, [_POINTER, _TEXT, ctypes.c_float]),
    "delete_utterance": (None, [_POINTER]),
}


def _open(name: str) -> ctypes.CDLL:
    try:
        # The voices find the language's symbols only if those are global.
        return ctypes.CDLL(f"lib{name}.so.1", mode=ctypes.RTLD_GLOBAL)
    except OSError as error:
        raise RuntimeError(f"these tests need flite's voices: run 'make deps' ({error})") from None


@cache
def _library() -> ctypes.CDLL:
    library = _open("flite")
    for name in ("flite_usenglish", "flite_cmulex"):
        _open(name)
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    library.flite_init()
    return library


@cache
def _voice(name: str) -> int:
    _library()
    register = getattr(_open(f"flite_cmu_us_{name}"), f"register_cmu_us_{name}")
    register.restype, register.argtypes = _POINTER, [_TEXT]
    return int(register(None))


def _features(speaker: int) -> int:
    return int(ctypes.cast(speaker, ctypes.POINTER(_Voice)).contents.features)


@cache
def _own_stretch(name: str) -> float:
    """How slowly a voice speaks by itself, before anybody has changed it."""
    return float(_library().get_param_float(_features(_voice(name)), _STRETCH, 1.0))


def speak(text: str, voice: str, rate: float = 1.0) -> Utterance:
    """Say a sentence with one of ``VOICES``, ``rate`` times as fast as it speaks by itself.

    Raises:
        RuntimeError: flite is not installed.
    """
    library, speaker = _library(), _voice(voice)
    library.feat_set_float(_features(speaker), _STRETCH, _own_stretch(voice) / rate)
    spoken = library.flite_synth_text(text.encode("ascii"), speaker)
    try:
        segments = []
        item = library.relation_head(library.utt_relation(spoken, b"Segment"))
        while item:
            name = library.ffeature_string(item, b"name").decode("ascii")
            stress = library.ffeature_string(item, b"R:SylStructure.parent.stress")
            segments.append((name, library.ffeature_float(item, b"end"), stress == b"1"))
            item = library.item_next(item)
        wave = library.utt_wave(spoken).contents
        if (wave.sample_rate_hz, wave.channels) != (SAMPLE_RATE_HZ, 1):
            raise RuntimeError(f"flite's {voice} speaks at {wave.sample_rate_hz} Hz; use a 16 kHz voice")
        pcm = np.ctypeslib.as_array(wave.data, (wave.samples,)).copy()
    finally:
        library.delete_utterance(spoken)
    return Utterance(levelled(pcm), phones_from(segments), text, f"flite-{voice}")
