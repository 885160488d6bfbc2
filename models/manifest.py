"""What a model was trained on, for its card: hours, people and licences, and a hash to check the data by.

The hash of a source is the SHA-256 of one line for each of its utterances, in the order of their names::

    NAME <tab> SHA-256 of the recording's file <tab> SHA-256 of its label rows

where a label row is ``START END PHONE`` with times in seconds to 0.1 ms. Every line and row ends with a line
feed. Whoever has the same recordings and labels gets the same hash, wherever they lie.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mandible.errors import InputError
from mandible.models.licences import UNKNOWN
from mandible.models.utterance import Utterance

_BLOCK_BYTES = 1 << 20


def _file_hash(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK_BYTES):
                digest.update(block)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    return digest.hexdigest()


def _labels_hash(utterance: Utterance) -> str:
    times = zip(utterance.starts_s, utterance.ends_s, utterance.phones, strict=True)
    rows = "".join(f"{start_s:.4f} {end_s:.4f} {phone}\n" for start_s, end_s, phone in times)
    return hashlib.sha256(rows.encode()).hexdigest()


def data_hash(utterances: Iterable[Utterance]) -> str:
    """Return the hash of a source's utterances as above; raises InputError for a recording that is gone."""
    digest = hashlib.sha256()
    for utterance in sorted(utterances, key=lambda one: one.name):
        line = f"{utterance.name}\t{_file_hash(utterance.path)}\t{_labels_hash(utterance)}\n"
        digest.update(line.encode())
    return digest.hexdigest()


def of(utterances: Iterable[Utterance]) -> list[dict[str, Any]]:
    """Return one row for each source, as plain data.

    Each has ``source``, ``hours``, ``speakers``, ``utterances``, ``languages`` (sorted codes), ``licence``,
    ``credit`` and ``sha256``.

    Raises:
        InputError: a recording cannot be read.
    """
    grouped: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in utterances:
        grouped[utterance.source].append(utterance)
    rows = []
    for source, members in grouped.items():
        licence = members[0].licence
        rows.append(
            {
                "source": source,
                "hours": round(sum(member.seconds for member in members) / 3600, 3),
                "speakers": len({member.speaker for member in members}),
                "utterances": len(members),
                "languages": sorted({member.language for member in members}),
                "licence": licence.name if licence else UNKNOWN,
                "credit": licence.credit if licence else "",
                "sha256": data_hash(members),
            }
        )
    return rows
