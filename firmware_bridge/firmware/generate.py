"""Write ``core/protocol_gen.h``, the firmware's view of ``protocol.toml``.

Run ``python -m mandible.firmware_bridge.firmware.generate`` after a change of the protocol.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mandible.firmware_bridge import toml_source

PROTOCOL = Path(__file__).parent.parent / "protocol.toml"
HEADER = Path(__file__).parent / "core" / "protocol_gen.h"

_BYTES = {"u8": 1, "u16": 2, "u32": 4}
_CONSTANTS = {
    "wire": "",
    "status": "STATUS_",
    "flags": "FLAG_",
    "trait": "TRAIT_",
    "board_id": "BOARD_",
    "limits": "",
}
_INTRO = """\
/* The wire protocol in C. Generated from protocol.toml by
 * python -m mandible.firmware_bridge.firmware.generate; edit that file, not this one.
 * X_AT is the offset of a field in the body; X_FIXED_BYTES the body's length before any list. */
#ifndef MANDIBLE_PROTOCOL_GEN_H
#define MANDIBLE_PROTOCOL_GEN_H
"""


def header_text(protocol: dict[str, Any]) -> str:
    """Return the whole header for a parsed ``protocol.toml``; raises ValueError for a field type it lacks."""
    lines = [_INTRO]
    for table, prefix in _CONSTANTS.items():
        lines += [_define(f"{prefix}{key}", value) for key, value in protocol[table].items()]
        lines.append("")
    for side in ("host", "board"):
        for name, message in protocol[side].items():
            lines += [*_message(name, message), ""]
    return "\n".join([*lines, "#endif", ""])


def _message(name: str, message: dict[str, Any]) -> Iterator[str]:
    yield _define(f"type_{name}", message["type"])
    offset = 0
    for field, kind in message["fields"].items():
        yield _define(f"{name}_{field}_at", offset)
        if kind in _BYTES:
            offset += _BYTES[kind]
        elif not kind.startswith("u16["):
            raise ValueError(f"protocol.toml: {name}.{field} is {kind!r}; use u8, u16, u32 or u16[...]")
    yield _define(f"{name}_fixed_bytes", offset)


def _define(name: str, value: int) -> str:
    suffix = "UL" if value > 0x7FFF else "u"
    digits = f"0x{value:X}" if name.startswith("type_") or value > 0xFFFF else str(value)
    return f"#define MB_{name.upper()} {digits}{suffix}"


def main() -> int:
    """Write the header next to the core."""
    text = header_text(toml_source.parse(PROTOCOL.read_text(encoding="utf-8")))
    temporary = HEADER.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, HEADER)  # noqa: PTH105
    print(f"wrote {HEADER}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
