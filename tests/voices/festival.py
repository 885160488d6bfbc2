"""Festival's voices, by its command; a few lines of its Scheme write the phones next to the sound."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np

from tests.voices.utterance import Utterance, levelled, phones_from

VOICES = {"kal": "voice_kal_diphone", "slt-hts": "voice_cmu_us_slt_arctic_hts"}
_SCRIPT = """
({voice})
(set! spoken (utt.synth (Utterance Text "{text}")))
(utt.wave.resample spoken 16000)
(utt.save.wave spoken "{sound}" 'riff)
(mapcar
 (lambda (segment)
  (format t "phone %s %f %s\\n" (item.name segment) (item.feat segment 'end)
   (item.feat segment "R:SylStructure.parent.stress")))
 (utt.relation.items spoken 'Segment))
"""


def speak(text: str, voice: str) -> Utterance:
    """Say a sentence with one of ``VOICES``.

    Raises:
        RuntimeError: festival or the voice is not installed, or it failed.
    """
    command = shutil.which("festival")
    if command is None:
        raise RuntimeError("these tests need festival and its voices: run 'make deps'")
    with tempfile.TemporaryDirectory() as folder:
        script, sound = Path(folder, "say.scm"), Path(folder, "said.wav")
        script.write_text(_SCRIPT.format(voice=VOICES[voice], text=text, sound=sound), encoding="ascii")
        run = subprocess.run([command, "-b", script], capture_output=True, text=True, timeout=60, check=False)
        if run.returncode != 0 or not sound.exists():
            reason = (run.stderr.strip() or "no reason given").splitlines()[0]
            raise RuntimeError(f"festival's {voice} failed; run 'make deps' ({reason})")
        with wave.open(str(sound), "rb") as file:
            pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    rows = [line.split()[1:] for line in run.stdout.splitlines() if line.startswith("phone ")]
    segments = [(name, float(end_s), stress == "1") for name, end_s, stress in rows]
    return Utterance(levelled(pcm), phones_from(segments), text, f"festival-{voice}")
