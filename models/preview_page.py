"""The page of ``mandible data preview``: spectrograms over viseme ribbons, with players."""

from __future__ import annotations

import base64
import csv
import io
import wave
from functools import cache
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import HOP_MS, SAMPLE_RATE_HZ, Pcm
from mandible.models import page
from mandible.models.picture import spectrogram_png
from mandible.models.preview import Panel, Preview
from mandible.models.targets import NO_TARGET
from mandible.models.utterance import Utterance
from mandible.models.visemes import VISEME_NAMES

# A name is written on its stretch of the ribbon where this share of the ribbon's width is its.
LEGIBLE_SHARE = 0.021
_STYLE = """
h2 small { font-weight: 400; color: var(--quiet); margin-left: .6rem; }
blockquote { margin: 0 0 1rem; padding: 0; font-style: italic; color: var(--quiet); }
.panel { margin: 0 0 1.1rem; }
.panel header { display: flex; flex-wrap: wrap; gap: .2rem .45rem; align-items: center;
  margin-bottom: .3rem; }
.panel b { font-weight: 600; margin-right: .35rem; } .panel.chunk b { font-weight: 500; }
.word { font-size: .8rem; border: 1px solid var(--line); border-radius: 1rem; padding: 0 .6rem; }
.panel audio { height: 1.9rem; width: 15rem; margin-left: auto; }
.track { position: relative; min-width: 12rem; }
.track img { display: block; width: 100%; height: 7rem; image-rendering: pixelated;
  border-radius: 4px 4px 0 0; }
.chunk .track img { height: 5.5rem; }
.ribbon { position: relative; height: 1.25rem; overflow: hidden; border-radius: 0 0 4px 4px;
  background: repeating-linear-gradient(135deg, transparent 0 4px, var(--line) 4px 5px); }
.ribbon i { position: absolute; top: 0; bottom: 0; font: 600 .72rem/1.25rem system-ui, sans-serif;
  text-align: center; color: #1d2733; overflow: hidden; box-shadow: inset -1px 0 var(--paper); }
.needle { position: absolute; top: 0; bottom: 0; width: 2px; background: var(--second); display: none; }
.axis { position: relative; height: 1.1rem; font-size: .72rem; color: var(--quiet); }
.axis span { position: absolute; transform: translateX(-50%); white-space: nowrap; }
.axis span:first-child { transform: none; }
.legend { display: flex; flex-wrap: wrap; gap: .3rem; margin: 0 0 1rem; }
.legend i { font: 600 .78rem/1.5rem system-ui, sans-serif; color: #1d2733; border-radius: 4px;
  padding: 0 .55rem; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: .4rem 1.4rem; }
.grid .track img { height: 5rem; } .grid .ribbon { height: .7rem; }
@media (max-width: 40rem) { .ribbon i { font-size: 0; } }
"""
_SCRIPT = """
for (const panel of document.querySelectorAll('.panel')) {
  const audio = panel.querySelector('audio'), needle = panel.querySelector('.needle');
  if (!audio) continue;
  const follow = () => {
    needle.style.left = 100 * audio.currentTime / audio.duration + '%';
    needle.style.display = 'block';
    if (!audio.paused) requestAnimationFrame(follow);
  };
  audio.addEventListener('play', follow);
  audio.addEventListener('seeked', follow);
}
"""


@cache
def _colours() -> dict[str, str]:
    path = Path(__file__).parent / "tables" / "viseme_colours.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        return {row["viseme"]: row["colour"] for row in csv.DictReader(stream)}


def _data_url(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _wave(pcm: Pcm) -> bytes:
    stream = io.BytesIO()
    with wave.open(stream, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE_HZ)
        out.writeframes(pcm.astype("<i2").tobytes())
    return stream.getvalue()


def ribbon(viseme: NDArray[np.int8]) -> str:
    """(hops,) labels -> HTML of coloured stretches with names; where there is no label, hatching shows."""
    edges = np.flatnonzero(np.diff(viseme)) + 1
    starts, ends = [0, *edges.tolist()], [*edges.tolist(), len(viseme)]
    parts = []
    for start, end in zip(starts, ends, strict=True):
        if viseme[start] == NO_TARGET:
            continue
        name, share = VISEME_NAMES[viseme[start]], (end - start) / len(viseme)
        parts.append(
            f'<i style="left:{100 * start / len(viseme):.3f}%;width:{100 * share:.3f}%;'
            f'background:{_colours()[name]}" title="{name}, {start * HOP_MS} to {end * HOP_MS} ms">'
            f"{name if share >= LEGIBLE_SHARE else ''}</i>"
        )
    return f"<div class=ribbon>{''.join(parts)}</div>"


def _panel(panel: Panel, longest_hops: int) -> str:
    """Return a panel; all of an utterance have one time scale, so that a slower take is longer."""
    words = "".join(f"<span class=word>{escape(word)}</span>" for word in panel.words)
    player = (
        ""
        if panel.pcm is None
        else f'<audio controls preload=metadata src="{_data_url("audio/wav", _wave(panel.pcm))}"></audio>'
    )
    picture = _data_url("image/png", spectrogram_png(panel.mels))
    return (
        f'<div class="panel{" chunk" if panel.pcm is None else ""}"><header><b>{escape(panel.title)}</b>'
        f'{words}{player}</header><div class=track style="width:{100 * len(panel.mels) / longest_hops:.2f}%">'
        f'<img alt="spectrogram: {escape(panel.title)}" src="{picture}">{ribbon(panel.viseme)}'
        "<div class=needle></div></div></div>"
    )


def _axis(hops: int) -> str:
    seconds = hops * HOP_MS / 1000
    step_s = 0.5 if seconds < 4 else 1.0
    marks = np.arange(0, 0.97 * seconds, step_s)
    return (
        "<div class=axis>"
        + "".join(f'<span style="left:{100 * mark / seconds:.2f}%">{mark:.1f} s</span>' for mark in marks)
        + "</div>"
    )


def _utterance(utterance: Utterance, panels: list[Panel]) -> str:
    licence = utterance.licence.name if utterance.licence else "licence unknown"
    about = f"speaker {utterance.speaker}, {utterance.language}, {utterance.split}, {licence}"
    longest = max((len(panel.mels) for panel in panels), default=1)
    text = f"<blockquote>{escape(utterance.text)}</blockquote>" if utterance.text else ""
    title = f"{utterance.source}/{utterance.name}"
    return (
        f"<section><h2>{escape(title)}<small>{escape(about)}</small></h2>{text}"
        + "".join(_panel(panel, longest) for panel in panels)
        + _axis(longest)
        + "</section>"
    )


def write(path: Path, directory: Path, shown: Preview, seed: int) -> None:
    """Write the page, never half a file."""
    legend = "".join(f'<i style="background:{_colours()[name]}">{name}</i>' for name in VISEME_NAMES)
    effects = "".join(_panel(panel, len(panel.mels)) for panel in shown.effects)
    body = (
        f"<div class=legend>{legend}</div>"
        + "".join(_utterance(utterance, panels) for utterance, panels in shown.utterances)
        + "<section><h2>One change at a time<small>the first utterance above</small></h2>"
        f"<div class=grid>{effects}</div></section><script>{_SCRIPT}</script>"
    )
    lead = (
        "What the network gets in training: 40 log-mel bands every 10 ms, 60 Hz below to 7.6 kHz above, over "
        f"the visemes it is to say. A take is another recording of the same words; a chunk is that recording "
        f"with noise and tone that are drawn anew every time. Seed {seed}."
    )
    page.write(path, f"{directory.resolve().name}: training data", lead, body, _STYLE)
