"""A rig: one TOML file that describes a puppet's servos, its pose for each viseme and the way to its board.

Task page: ``docs/rigs.md``. Every key, bound and default: ``rig_schema.toml``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mandible.device.decoder import DecoderSettings
from mandible.errors import InputError
from mandible.firmware_bridge.axes import Axis, read_axes
from mandible.firmware_bridge.life_keys import ExpressionWay, IdleSettings, read_expression, read_idle
from mandible.firmware_bridge.limits import StoredLimits, StoredSettings
from mandible.firmware_bridge.port_url import read_port_url
from mandible.firmware_bridge.poses import Pose, check_mirrors_and_roles, read_poses
from mandible.firmware_bridge.rig_keys import SCHEMA, Effective, RigText, key_error, nearest
from mandible.small_file import exists, read_small
from mandible.wording import shortened, shown

SCHEMA_VERSION = 1
MOST_BYTES = 1 << 20
SHIPPED = Path(__file__).with_name("rigs")
_TABLES = ("schema", "audio", "model", "smoothing", "link", "channels", "axes", "poses", "idle", "expression")


@dataclass(frozen=True, slots=True)
class Channel:
    """One servo. Pulses in µs; ``speed_us_per_s`` is the fastest its pulse may change."""

    name: str
    output: int
    min_us: int
    max_us: int
    neutral_us: int
    speed_us_per_s: int
    accel_us_per_s2: int
    reversed: bool
    servo_delay_ms: int
    role: str
    mirrors: str

    def pulse_us(self, position: float) -> int:
        """Return the pulse at ``position``, 0 (closed) to 1 (wide), to the nearest µs."""
        travel_us = int(position * (self.max_us - self.min_us) + 0.5)
        return self.max_us - travel_us if self.reversed else self.min_us + travel_us

    @property
    def limits(self) -> StoredLimits:
        """What calibration writes to the board for this servo."""
        pulses_us = (self.min_us, self.max_us, self.neutral_us)
        return StoredLimits(self.output, *pulses_us, self.speed_us_per_s, self.accel_us_per_s2, self.reversed)


@dataclass(frozen=True, slots=True)
class AudioSettings:
    """``[audio]``: the source, and the loudspeaker (empty: none), used when the command line names none.

    ``speaker_delay_ms`` is a whole number or ``auto``. What is done to live sound is said as in
    ``mandible.device.audio.conditioner.Conditioning``.
    """

    source: str
    high_pass_hz: int
    auto_gain: bool
    gain_db: int
    speaker: str
    speaker_delay_ms: int | str


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """``[model]``: released name or path; engine name, empty for the default."""

    name: str
    engine: str


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """``[link]``: port URL, how far ahead set-points are due, when the board gives up waiting, servo (ms).

    ``pulse_hz`` is how often servos get a pulse; resting ones get none after ``idle_detach_s`` (0: always).
    """

    port: str
    lead_ms: int
    watchdog_ms: int
    servo_delay_ms: int
    pulse_hz: int
    idle_detach_s: int

    @property
    def period_us(self) -> int:
        """Time from pulse to pulse."""
        return 1_000_000 // self.pulse_hz

    @property
    def stored(self) -> StoredSettings:
        """What calibration writes to the board beside the limits."""
        return StoredSettings(self.watchdog_ms, self.period_us, self.idle_detach_s)


@dataclass(frozen=True, slots=True)
class Rig:
    """A checked rig file.

    Attributes:
        file: the file as named by the caller.
        channels: servos in the order of the file; ``Frame.pulses_us`` has this order.
        axes: moves of several channels that poses may name.
        poses: [viseme][channel] where each stands, and what that comes from.
        poses_us: [viseme][channel] pulse of each pose; the channel's neutral where it has none.
        idle: what moves while nobody speaks.
        expression: which channels show arousal and emphasis.
        effective: every value with the line it came from, for explanations.
    """

    file: str
    audio: AudioSettings
    model: ModelSettings
    smoothing: DecoderSettings
    link: LinkSettings
    channels: tuple[Channel, ...]
    axes: tuple[Axis, ...]
    poses: tuple[tuple[Pose, ...], ...]
    poses_us: tuple[tuple[int, ...], ...]
    idle: IdleSettings
    expression: tuple[ExpressionWay, ...]
    effective: tuple[Effective, ...]

    @classmethod
    def load(cls, path: str | Path) -> Rig:
        """Read the rig file at ``path``, or the shipped rig of that name (``shipped_rigs``).

        Raises:
            InputError: one line that names the file, the key and the fix.
        """
        file = _find(path)
        try:
            # An editor may have put a byte order mark in front.
            text = read_small(file, MOST_BYTES).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InputError(f"{path}: not UTF-8 text (byte {error.start}); save it as UTF-8") from error
        return cls.parse(str(file if file.parent == SHIPPED else path), text)

    @classmethod
    def parse(cls, file: str, text: str) -> Rig:
        """Check the ``text`` of a rig file; ``file`` is its name in errors."""
        try:
            return cls._parse(file, text)
        except (RecursionError, OverflowError, ValueError) as error:
            raise InputError(f"{file}: holds what no rig can hold ({shortened(str(error))})") from error

    @classmethod
    def _parse(cls, file: str, text: str) -> Rig:
        source = RigText(file, text)
        _check_schema(source)
        source.refuse_unknown((), _TABLES, "table or key")
        audio = AudioSettings(**source.read(("audio",), SCHEMA["audio"]))
        model = ModelSettings(**source.read(("model",), SCHEMA["model"]))
        smoothing = DecoderSettings(**source.read(("smoothing",), _smoothing_spec()))
        link = LinkSettings(**source.read(("link",), SCHEMA["link"]))
        _check_port(source, link.port)
        channels = tuple(_channels(source))
        mirrors = check_mirrors_and_roles(source, channels)
        axes = read_axes(source, [channel.name for channel in channels], mirrors)
        poses = read_poses(source, channels, axes)
        posed = {channels[number].name for number in _posed(poses)}
        idle, expression = read_idle(source, channels, posed), read_expression(source, channels, posed)
        return cls(
            file,
            audio,
            model,
            smoothing,
            link,
            channels,
            axes,
            poses,
            tuple(_pulses_us(channels, row) for row in poses),
            idle,
            expression,
            tuple(source.effective),
        )

    @property
    def neutral_us(self) -> tuple[int, ...]:
        """Pulses at rest, in channel order."""
        return tuple(channel.neutral_us for channel in self.channels)

    @property
    def posed(self) -> tuple[int, ...]:
        """Numbers of the channels that poses move: the mouth, in channel order."""
        return _posed(self.poses)

    @property
    def delays_ms(self) -> tuple[int, ...]:
        """How long each servo takes to get there, in channel order: its own time, or else ``[link]``'s."""
        return tuple(channel.servo_delay_ms or self.link.servo_delay_ms for channel in self.channels)

    @property
    def mouth_delay_ms(self) -> int:
        """How long the slowest servo of the mouth takes; the others wait for it."""
        return max((self.delays_ms[number] for number in self.posed), default=self.link.servo_delay_ms)

    @property
    def limits(self) -> tuple[StoredLimits, ...]:
        """What a board must have stored before it moves this rig."""
        return tuple(channel.limits for channel in self.channels)

    def error(self, key: str, message: str) -> InputError:
        """Return the error for the value of the dotted ``key``, with the line it came from."""
        lines = {e.key: e.line for e in self.effective}
        return key_error(self.file, lines.get(key), tuple(key.split(".")), message)


def shipped_rigs() -> list[str]:
    """Return the names of the rigs that come with the package."""
    return sorted(file.stem for file in SHIPPED.glob("*.toml"))


def _find(path: str | Path) -> Path:
    file = Path(path)
    name = str(path)
    if exists(file):
        return file
    if name in shipped_rigs():
        return SHIPPED / f"{name}.toml"
    if file.suffix or file.name != name:
        raise InputError(f"{shortened(name, 200)}: no such rig file; check its path")
    hint = nearest(name, shipped_rigs())
    raise InputError(f"{shortened(name, 200)}: no such rig file, and no shipped rig has that name; {hint}")


def _check_schema(source: RigText) -> None:
    version = source.document.get("schema")
    if version is None:
        raise source.error(("schema",), f"missing; add schema = {SCHEMA_VERSION} as the first line")
    if type(version) is not int or version != SCHEMA_VERSION:
        supported = f"it reads schema = {SCHEMA_VERSION}"
        message = f"{shown(version)} is not supported by this version of mandible; {supported}"
        raise source.error(("schema",), message)


def _check_port(source: RigText, port: str) -> None:
    try:
        read_port_url(port)
    except ValueError as error:
        raise source.error(("link", "port"), f"{shown(port)}: {error}") from error


def _smoothing_spec() -> dict[str, dict[str, Any]]:
    defaults = asdict(DecoderSettings())
    return {name: {**spec, "default": defaults[name]} for name, spec in SCHEMA["smoothing"].items()}


def _channels(source: RigText) -> Iterator[Channel]:
    names = source.table(("channels",))
    if not names:
        raise source.error(("channels",), "missing; describe at least one servo in [channels.NAME]")
    owners: dict[int, str] = {}
    for name in names:
        path = ("channels", name)
        channel = Channel(name, **source.read(path, SCHEMA["channel"]))
        if channel.min_us >= channel.max_us:
            message = f"limits reversed: {channel.min_us} is not below max_us = {channel.max_us}"
            raise source.error(
                (*path, "min_us"), f"{message}; swap them (and use reversed = true for direction)"
            )
        if not channel.min_us <= channel.neutral_us <= channel.max_us:
            message = f"{channel.neutral_us} is outside the limits {channel.min_us}..{channel.max_us}"
            raise source.error((*path, "neutral_us"), message)
        if channel.output in owners:
            message = (
                f"{channel.output} is taken by channel {owners[channel.output]}; each servo needs its own"
            )
            raise source.error((*path, "output"), message)
        owners[channel.output] = name
        yield channel


def _posed(poses: tuple[tuple[Pose, ...], ...]) -> tuple[int, ...]:
    by_channel = enumerate(zip(*poses, strict=True))
    return tuple(number for number, ofs in by_channel if any(pose.kind != "neutral" for pose in ofs))


def _pulses_us(channels: tuple[Channel, ...], row: tuple[Pose, ...]) -> tuple[int, ...]:
    return tuple(
        channel.neutral_us if pose.position is None else channel.pulse_us(pose.position)
        for channel, pose in zip(channels, row, strict=True)
    )
