"""Reads the header of a WAV file: what the samples look like and where they lie.

Formats: RIFF/WAVE as in Microsoft's "Multimedia Programming Interface and Data Specifications 1.0" with
WAVE_FORMAT_EXTENSIBLE, and RF64 (EBU Tech 3306) for files over 4 GB. Every size in the file is checked
against the file's real length before it is used; nothing is allocated from a number found in the file.
"""

from __future__ import annotations

import shlex
import struct
from dataclasses import dataclass
from typing import BinaryIO

from mandible.device.audio.samples import SampleFormat
from mandible.errors import InputError

PCM, FLOAT, EXTENSIBLE = 0x0001, 0x0003, 0xFFFE
# The part of an extensible format's GUID that is the same for every plain format code.
GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")
CODEC_NAMES = {2: "ADPCM", 6: "A-law", 7: "mu-law", 0x11: "IMA ADPCM", 0x31: "GSM", 0x50: "MPEG", 0x55: "MP3"}
OTHER_FILES = {
    b"fLaC": "FLAC",
    b"OggS": "Ogg",
    b"ID3": "MP3",
    b"\xff\xfb": "MP3",
    b"FORM": "AIFF",
    b"RIFX": "RIFX",
}
# Programs that write to a pipe cannot know the length and put something huge here.
UNKNOWN_LENGTH_FROM = 0x7FFFF000
MAX_CHUNKS = 10_000
MIN_RATE_HZ, MAX_RATE_HZ = 1_000, 1_000_000


@dataclass(frozen=True, slots=True)
class WavFormat:
    """Where the samples of a WAV file are and how to read them."""

    sample_format: SampleFormat
    channels: int
    rate_hz: int
    data_offset: int
    frame_count: int

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of every channel."""
        return self.channels * self.sample_format.sample_bytes

    @property
    def duration_s(self) -> float:
        """Length of the recording in seconds."""
        return self.frame_count / self.rate_hz


def read_header(file: BinaryIO, name: str, file_bytes: int) -> WavFormat:
    """Read the header of an open, seekable WAV file of ``file_bytes`` bytes.

    Raises:
        InputError: the file is empty, no WAV file, damaged, holds no sound, or uses another codec.
    """
    if file_bytes == 0:
        raise InputError(f"{name}: the file is empty: record or copy it again")
    file.seek(0)
    magic = file.read(12)
    if magic[:4] not in (b"RIFF", b"RF64") or magic[8:12] != b"WAVE":
        raise InputError(f"{name}: {_what_it_is(magic)}: a WAV file is needed; {_convert(name)}")
    position, sample_format, data64_bytes = 12, None, None
    for _ in range(MAX_CHUNKS):
        file.seek(position)
        head = file.read(8)
        if len(head) < 8:
            break
        chunk, size = struct.unpack("<4sI", head)
        position += 8
        if chunk == b"data":
            if sample_format is None:
                raise InputError(f"{name}: damaged WAV file: the samples come before their format")
            return _located(name, sample_format, position, file_bytes - position, size, data64_bytes)
        if position + size > file_bytes:
            raise InputError(f"{name}: damaged WAV file: chunk {_shown(chunk)} runs past the end of the file")
        if chunk == b"fmt ":
            sample_format = _format(name, file.read(min(size, 40)))
        elif chunk == b"ds64" and size >= 16:
            data64_bytes = int(struct.unpack("<QQ", file.read(16))[1])
        position += size + size % 2
    raise InputError(f"{name}: damaged WAV file: it has no samples (no data chunk)")


def _located(
    name: str,
    form: tuple[SampleFormat, int, int],
    offset: int,
    there_bytes: int,
    size: int,
    size64: int | None,
) -> WavFormat:
    """Check the promised amount of samples against what the file holds."""
    promised = size if size64 is None or size != 0xFFFFFFFF else size64
    if promised > there_bytes:
        if not UNKNOWN_LENGTH_FROM <= promised <= 0xFFFFFFFF:
            raise InputError(
                f"{name}: the WAV file is cut short: {promised} bytes of sound promised, "
                f"{there_bytes} there: copy it again"
            )
        promised = there_bytes
    sample_format, channels, rate_hz = form
    frames = promised // (channels * sample_format.sample_bytes)
    if frames == 0:
        raise InputError(f"{name}: the WAV file holds no sound (0 samples): record it again")
    return WavFormat(sample_format, channels, rate_hz, offset, frames)


def _format(name: str, fmt: bytes) -> tuple[SampleFormat, int, int]:
    """The body of a ``fmt`` chunk -> sample format, channels, rate in Hz."""
    if len(fmt) < 16:
        raise InputError(f"{name}: damaged WAV file: its format chunk has {len(fmt)} bytes, 16 are needed")
    code, channels, rate_hz, _, frame_bytes, bits = struct.unpack("<HHIIHH", fmt[:16])
    if code == EXTENSIBLE:
        if len(fmt) < 40 or fmt[26:40] != GUID_TAIL:
            raise InputError(f"{name}: the WAV file uses an unknown extensible codec; {_convert(name)}")
        code = struct.unpack("<H", fmt[24:26])[0]
    if code not in (PCM, FLOAT):
        codec = CODEC_NAMES.get(code, f"codec 0x{code:04x}")
        raise InputError(f"{name}: {codec} inside WAV is not supported; {_convert(name)}")
    if channels == 0:
        raise InputError(f"{name}: damaged WAV file: it claims 0 channels")
    if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        raise InputError(
            f"{name}: a sample rate of {rate_hz} Hz cannot be right: "
            f"{MIN_RATE_HZ} to {MAX_RATE_HZ} Hz are taken"
        )
    # Odd widths (12, 20 bits) are stored left-justified in whole bytes: the container's width counts.
    kind = "float" if code == FLOAT else "uint" if bits <= 8 else "int"
    try:
        sample_format = SampleFormat(f"{kind}{(bits + 7) // 8 * 8}")
    except ValueError:
        raise InputError(f"{name}: samples of {bits} bits are not supported; {_convert(name)}") from None
    if frame_bytes != channels * sample_format.sample_bytes:
        raise InputError(
            f"{name}: damaged WAV file: {channels} channels of {bits} bits "
            f"do not make frames of {frame_bytes} bytes"
        )
    return sample_format, channels, rate_hz


def _what_it_is(magic: bytes) -> str:
    for start, kind in OTHER_FILES.items():
        if magic.startswith(start):
            return f"this is {kind}"
    return "this is MP4" if magic[4:8] == b"ftyp" else "not a WAV file"


def _convert(name: str) -> str:
    return f"convert it, for example: ffmpeg -i {shlex.quote(name)} -c:a pcm_s16le out.wav"


def _shown(chunk: bytes) -> str:
    return repr(chunk.decode("latin-1"))
