"""``rhubarb-json``: a ``metadata`` object and a list of ``mouthCues``."""

from __future__ import annotations

import json

from mandible.device.sinks.formats.rhubarb_cues import MouthCues, seconds


class RhubarbJson(MouthCues):
    """Rhubarb's ``soundFile`` and ``duration``; what else is known stands beside them."""

    def write_cues(self, end_cs: int) -> None:
        """Write the document."""
        known = {
            k: v for k, v in self.settings.header.items() if k not in ("source", "soundFile", "duration")
        }
        known |= {"stamp": self.settings.stamp, "delay_ms": self.settings.delay_ms}
        lines = [f'    "soundFile": {_json(self.settings.header.get("source", ""))}']
        lines.append(f'    "duration": {seconds(end_cs)}')
        lines += [f"    {_json(name)}: {_json(value)}" for name, value in known.items()]
        self.output.write(('{\n  "metadata": {\n' + ",\n".join(lines) + '\n  },\n  "mouthCues": [').encode())
        comma = ""
        for start_s, end_s, shape in self.cues(end_cs):
            cue = f'{comma}\n    {{ "start": {start_s}, "end": {end_s}, "value": "{shape}" }}'
            self.output.write(cue.encode())
            comma = ","
        self.output.write(b"\n  ]\n}\n")


def _json(value: object) -> str:
    return json.dumps(value)
