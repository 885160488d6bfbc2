"""The firmware and the host read one protocol."""

from __future__ import annotations

import re

from mandible.firmware_bridge import toml_source
from mandible.firmware_bridge.firmware import generate


def test_the_committed_header_is_what_the_protocol_generates() -> None:
    protocol = toml_source.parse(generate.PROTOCOL.read_text(encoding="utf-8"))
    assert generate.HEADER.read_text(encoding="utf-8") == generate.header_text(protocol)


def test_every_message_and_status_reaches_the_firmware() -> None:
    protocol = toml_source.parse(generate.PROTOCOL.read_text(encoding="utf-8"))
    defined = dict(
        re.findall(r"#define MB_(\w+) (\w+?)U?L?u?\n", generate.HEADER.read_text(encoding="utf-8"))
    )
    for side in ("host", "board"):
        for name, message in protocol[side].items():
            assert int(defined[f"TYPE_{name.upper()}"], 0) == message["type"]
    for name, code in protocol["status"].items():
        assert int(defined[f"STATUS_{name.upper()}"], 0) == code
