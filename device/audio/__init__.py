"""Where sound comes from: files, pipes, commands, microphones."""

from mandible.device.audio.opening import open_source
from mandible.device.audio.source import Source
from mandible.device.audio.wav_writer import WavWriter

__all__ = ["Source", "WavWriter", "open_source"]
