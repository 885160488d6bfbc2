"""Records a microphone into a WAV file until a line arrives on standard input. A test's other process."""

from __future__ import annotations

import json
import sys
import threading

from mandible.device.audio import WavWriter, open_source
from mandible.device.audio.conditioner import Conditioning

AFTER_STOP_HOPS = 100


def main(spec: str, path: str) -> None:
    """Say "listening" with the first hop; after the stop line listen a little longer, then report."""
    stop = threading.Event()

    def listen_for_stop() -> None:
        sys.stdin.readline()
        stop.set()

    threading.Thread(target=listen_for_stop, daemon=True).start()
    rest = AFTER_STOP_HOPS
    indices: list[int] = []
    stamps_ns: list[int] = []
    with open_source(spec, conditioning=Conditioning.off()) as source, WavWriter(path) as writer:
        for frame in source:
            if not indices:
                print("listening", flush=True)
            indices.append(frame.index)
            stamps_ns.append(frame.captured_ns)
            writer.write(frame.pcm)
            rest -= stop.is_set()
            if rest == 0:
                break
        report = {"header": source.header, "dropped_hops": source.dropped_hops}
    print(json.dumps(report | {"indices": indices, "stamps_ns": stamps_ns}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
