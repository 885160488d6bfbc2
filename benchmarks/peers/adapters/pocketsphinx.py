"""pocketsphinx as a phone recogniser: its English model and phone language model, a recording at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

RATE_HZ = 16_000
FRAMES_PER_S = 100
_state: dict[str, Any] = {}


def start(folder: Path, options: dict[str, Any]) -> None:
    """Load the model; beams and weight as its documentation gives them for phone recognition."""
    import pocketsphinx

    model = Path(pocketsphinx.get_model_path()) / "en-us"
    _state["decoder"] = pocketsphinx.Decoder(
        hmm=str(model / "en-us"),
        allphone=str(model / "en-us-phone.lm.bin"),
        lw=2.0,
        beam=1e-20,
        pbeam=1e-20,
        samprate=RATE_HZ,
        loglevel="FATAL",
    )


def prepare(pcm: bytes) -> bytes:
    """Samples as they are."""
    return pcm


def hear(pcm: bytes) -> Any:
    """Return (first frame, last frame, phone) of its best path."""
    decoder = _state["decoder"]
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()
    return [(segment.start_frame, segment.end_frame, segment.word) for segment in decoder.seg()]


def rows(segments: Any, seconds: float) -> list[list[Any]]:
    """Return its phones; what lips they ask for is looked up where the tables are."""
    return [
        [first / FRAMES_PER_S, min(seconds, (last + 1) / FRAMES_PER_S), phone, None]
        for first, last, phone in segments
    ]
