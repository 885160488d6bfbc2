"""A live run: a source, a line, a mouth and all that listens in, opened together and closed together."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import Any

import numpy as np

from mandible import __version__
from mandible.api import expression_of, motion_of
from mandible.device.audio import WavWriter, open_source
from mandible.device.daemon.control_socket import ControlSocket
from mandible.device.daemon.controls import Controls
from mandible.device.daemon.machine_watch import MachineWatch
from mandible.device.daemon.metrics import Metrics
from mandible.device.daemon.notify import Notifier
from mandible.device.daemon.outputs import Losable
from mandible.device.daemon.promptness import prompt
from mandible.device.daemon.reload import Reload
from mandible.device.daemon.snapshot import ChannelRange, Hop, Snapshot, SourceState, StageTimes, plain
from mandible.device.daemon.summary import line_summary, tell_losses
from mandible.device.daemon.wanted import Wanted
from mandible.device.frames import HOP_MS, HOP_SAMPLES, Frame, Pcm
from mandible.device.pipeline import Sink, drive
from mandible.device.sinks.formats import open_track
from mandible.device.sinks.formats.track import TrackSink
from mandible.device.sinks.meter import Meter
from mandible.device.speaker import Speaker, auto_delay_ms
from mandible.device.stopping import Interruptible, StopOnce
from mandible.device.timing import Timing
from mandible.firmware_bridge.link import Link
from mandible.firmware_bridge.rig import Rig
from mandible.line_plan import LinePlan

HOPS_PER_S = 1000 // HOP_MS


class Live:
    """One run, as a context manager: entering opens everything, leaving parks the mouth and lets go.

    Attributes:
        lost: why outputs were given up on the way; empty while all is well.
    """

    def __init__(self, plan: LinePlan, wanted: Wanted) -> None:
        self._plan, self._wanted = plan, wanted
        self._rig = plan.rig
        self._line = plan.build()
        self._timing = Timing()
        self._controls = Controls(plan.rig)
        self._notifier = Notifier.from_environment()
        self._once = StopOnce()
        self._watch: MachineWatch | None = None
        self._link: Link | None = None
        self._speaker: Speaker | None = None
        self._reload: Reload | None = None
        self._began_ns = time.monotonic_ns()
        self._hops = 0
        self.lost: list[str] = []

    def __enter__(self) -> Live:
        with ExitStack() as stack:
            stack.enter_context(self._once)
            self._open(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        self._once.stopping = True
        self._notifier.stopping()
        if self._link is not None:
            # Before anything else that may take its time: a board without set-points lets go ungently.
            self._link.close()
        return self._stack.__exit__(kind, error, trace)

    def _open(self, stack: ExitStack) -> None:
        wanted, rig = self._wanted, self._rig
        self._source = stack.enter_context(
            open_source(wanted.source, wanted.realtime, wanted.conditioning, patient=wanted.service)
        )
        self._sinks: list[Sink] = [self._timing.write]
        if wanted.port is not None and rig is not None:
            # Leaving the stack parks the mouth, whatever ends the run.
            self._link = stack.enter_context(Link(wanted.port, rig, patient=wanted.service))
            if not wanted.service:
                self._link.wait_ready()
            self._sinks.append(self._link.send)
        if wanted.speaker is not None:
            delay_ms = wanted.speaker_delay_ms
            if delay_ms is None:
                delay_ms = auto_delay_ms(self._line, rig)
            self._speaker = stack.enter_context(Speaker(wanted.speaker or None, delay_ms, wanted.service))
            self._source.avoid_own_playback()
            self._sinks.append(self._speaker.write)
        if wanted.meter:
            self._sinks.append(stack.enter_context(Meter(rig, self._link)).write)
        self.adopt(rig)
        if rig is not None and self._plan.rig_name is not None:
            self._reload = Reload(self._plan.rig_name, rig, self._controls, self.adopt, self._notifier)
            stack.callback(self._reload.close)
            self._controls.on_reload = self._reload.ask
        if wanted.control is not None or wanted.metrics is not None:
            self._watch = stack.enter_context(MachineWatch())
        if wanted.control is not None:
            stack.enter_context(ControlSocket(wanted.control, self.snapshot, self._controls.actions))
        if wanted.metrics is not None:
            stack.enter_context(Metrics(wanted.metrics, self.snapshot))

    def adopt(self, rig: Rig | None) -> None:
        """Go on with the settings and poses of ``rig`` from the next hop; by the line's thread only."""
        settings = None if rig is None else rig.smoothing
        expression = expression_of(rig, self._plan.expression)
        self._line.adopt(settings, (self._controls.hush, *motion_of(rig)), expression)
        self._rig = rig

    def run(self) -> None:
        """Drive the line until the source ends, the duration is over, or somebody asks to stop.

        A track or a recording is kept whole on a normal end and discarded on an error; where a mouth
        moves it goes on without one that fails.
        """
        wanted = self._wanted
        frames: Iterable[Frame] = self._source
        if wanted.duration_s is not None:
            frames = first(frames, round(wanted.duration_s * 1000 / HOP_MS))
        goes_on = wanted.service or self._link is not None or self._speaker is not None
        with ExitStack() as stack:
            hangup = self._controls.reload if wanted.service or self._notifier.active else None
            interruptible = stack.enter_context(Interruptible(frames, hangup, self._once))
            self._controls.on_stop = interruptible.stop
            frames = self._controls.between(interruptible)
            outputs: list[Losable[Any]] = []
            if wanted.record is not None:
                recorder = WavWriter(wanted.record)
                stack.callback(recorder.abort)  # of one that is complete it leaves everything as it is
                outputs.append(
                    Losable(recorder.write, lambda _: recorder.close(), recorder.abort, goes_on=goes_on)
                )
                frames = recorded(frames, outputs[-1].write)
            sinks = list(self._sinks)
            if wanted.output is not None:
                track = stack.enter_context(self._track(wanted.output))
                outputs.append(Losable(track.write, track.close, track.abort, goes_on=goes_on))
                sinks.append(outputs[-1].write)
            self._notifier.describe = self._in_words
            self._controls.beat = self._notifier.beat
            self._notifier.ready(self._source.description)
            stack.enter_context(prompt())
            self._hops = drive(frames, self._line, [self._controls.to(sinks)])
            for output in outputs:
                output.close(self._hops * HOP_MS / 1000)
        self.lost = [output.problem for output in outputs if output.problem is not None]
        tell_losses(self._link)

    def _track(self, output: str) -> TrackSink:
        wanted = self._wanted
        header = self._plan.header(self._source.header, wanted.stamp, self._line.engine.heads)
        delay_ms = self._line.delay_ms
        return open_track(output, wanted.format_name, wanted.stamp, delay_ms=delay_ms, header=header)

    def _in_words(self) -> str:
        """What the service manager shows of a line that runs."""
        return f"{self._controls.mode}, {self._source.state}, {self._source.dropped_hops} dropped hops"

    def summary(self) -> dict[str, Any]:
        """What a run says of itself at its end, in plain types."""
        return {
            "seconds": round(self._hops * HOP_MS / 1000, 2),
            "source": self._source.description,
            "dropped_hops": self._source.dropped_hops,
            "source_reconnects": self._source.reconnects,
            **line_summary(self._plan, self._line, self._timing, self._link),
            "speaker": None if self._speaker is None else plain(self._speaker.status()),
            "lost_outputs": self.lost,
        }

    def snapshot(self) -> Snapshot:
        """Return how things stand; from any thread."""
        newest, reload, watch = self._controls.newest, self._reload, self._watch
        times = (
            {**self._line.times} if self._link is None else {**self._line.times, "link": self._link.queued}
        )
        return Snapshot(
            version=__version__,
            pid=os.getpid(),
            uptime_s=(time.monotonic_ns() - self._began_ns) / 1e9,
            mode=self._controls.mode,
            hops=self._controls.hops,
            model=self._plan.model.name,
            engine=self._plan.engine,
            rig=None if self._rig is None else self._rig.file,
            delay_ms=self._line.delay_ms,
            source=SourceState.of(self._source),
            stages={name: StageTimes.of(histogram) for name, histogram in times.items()},
            total=StageTimes.of(self._timing.total),
            hop=None if newest is None else Hop.of(newest),
            channels=ChannelRange.of(self._rig),
            link=None if self._link is None else self._link.status(),
            speaker=None if self._speaker is None else plain(self._speaker.status()),
            telemetry=None if watch is None or watch.latest is None else plain(watch.latest),
            reloads=0 if reload is None else reload.reloads,
            refused_reloads=0 if reload is None else reload.refused_reloads,
            last_refusal=None if reload is None else reload.last_refusal,
        )


def first(frames: Iterable[Frame], hops: int) -> Iterator[Frame]:
    """Pass on the frames of the first ``hops`` hops of time; lost ones count, since their time passed."""
    for frame in frames:
        if frame.index >= hops:
            return
        yield frame
        if frame.index == hops - 1:
            return


def recorded(frames: Iterable[Frame], write: Callable[[Pcm], None]) -> Iterator[Frame]:
    """Pass frames on, keeping their sound, with silence for lost hops so that the recording keeps time."""
    hops = 0
    for frame in frames:
        for lost in range(hops, frame.index, HOPS_PER_S):  # after a night of sleep there are many
            write(np.zeros(min(HOPS_PER_S, frame.index - lost) * HOP_SAMPLES, np.int16))
        write(frame.pcm)
        hops = frame.index + 1
        yield frame
