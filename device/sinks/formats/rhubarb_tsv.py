"""``rhubarb-tsv``: a start time and a mouth shape per line."""

from __future__ import annotations

from mandible.device.sinks.formats.rhubarb_cues import MouthCues, seconds


class RhubarbTsv(MouthCues):
    """The last line is special: the end of the recording, with the idle shape X."""

    def write_cues(self, end_cs: int) -> None:
        """Write the lines."""
        for start_s, _, shape in self.cues(end_cs):
            self.output.write(f"{start_s}\t{shape}\n".encode())
        self.output.write(f"{seconds(end_cs)}\tX\n".encode())
