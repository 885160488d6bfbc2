"""Tiny stand-ins for exported C: a "network" whose one hop does what a test asks."""

from __future__ import annotations

from pathlib import Path

HEADER = """
#include <stdint.h>
typedef struct { int8_t last[40]; } mandible_network;
void mandible_network_reset(mandible_network *network);
void mandible_network_step(mandible_network *network, const int8_t features[40], int8_t logits[15]);
"""
# The difference from the hop before: needs the state and its reset, and touches every byte.
DIFFERENCE = """
    for (int i = 0; i < 15; i++) logits[i] = (int8_t)(features[i] - network->last[i]);
    for (int i = 0; i < 40; i++) network->last[i] = features[i];
"""


def write(folder: Path, step: str = DIFFERENCE, before: str = "") -> Path:
    """Write the network into ``folder`` and return it.

    Args:
        folder: made where it is missing.
        step: the body of mandible_network_step.
        before: what the file says before its functions.
    """
    folder.mkdir(exist_ok=True)
    (folder / "mandible_model.h").write_text(HEADER, encoding="utf-8")
    (folder / "mandible_model.c").write_text(
        f"""#include "mandible_model.h"
{before}
void mandible_network_reset(mandible_network *network) {{
    for (int i = 0; i < 40; i++) network->last[i] = 0;
}}
void mandible_network_step(mandible_network *network, const int8_t features[40], int8_t logits[15]) {{
    (void)network; (void)features; (void)logits;
    {step}
}}
""",
        encoding="utf-8",
    )
    return folder
