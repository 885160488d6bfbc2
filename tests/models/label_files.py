"""The same labels in every format that is read, for tests."""

from __future__ import annotations

from pathlib import Path

from tests.models.tiny_corpus import spoken, write_wave

# (start in s, end in s, label)
Row = tuple[float, float, str]
MA: list[Row] = [(0.0, 0.12, "sil"), (0.12, 0.24, "m"), (0.24, 0.36, "aa1"), (0.36, 0.48, "sil")]


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def short_textgrid(tiers: dict[str, list[Row]], kind: str = "IntervalTier") -> str:
    """Return tiers as Praat's short text form."""
    end_s = max(row[1] for rows in tiers.values() for row in rows)
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "0", str(end_s), "<exists>"]
    lines.append(str(len(tiers)))
    for name, rows in tiers.items():
        lines += [_quoted(kind), _quoted(name), "0", str(end_s), str(len(rows))]
        for start_s, stop_s, label in rows:
            lines += [str(start_s), str(stop_s), _quoted(label)]
    return "\n".join(lines) + "\n"


def long_textgrid(tiers: dict[str, list[Row]]) -> str:
    """Return tiers as Praat's long text form."""
    end_s = max(row[1] for rows in tiers.values() for row in rows)
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0 ", f"xmax = {end_s} "]
    lines += ["tiers? <exists> ", f"size = {len(tiers)} ", "item []: "]
    for number, (name, rows) in enumerate(tiers.items(), start=1):
        lines += [
            f"    item [{number}]:",
            '        class = "IntervalTier" ',
            f"        name = {_quoted(name)} ",
        ]
        lines += ["        xmin = 0 ", f"        xmax = {end_s} ", f"        intervals: size = {len(rows)} "]
        for index, (start_s, stop_s, label) in enumerate(rows, start=1):
            lines += [f"        intervals [{index}]:", f"            xmin = {start_s} "]
            lines += [f"            xmax = {stop_s} ", f"            text = {_quoted(label)} "]
    return "\n".join(lines) + "\n"


def timit(rows: list[Row], rate_hz: int = 16_000) -> str:
    """Return labels as a TIMIT ``.phn`` file."""
    return "".join(f"{round(a * rate_hz)} {round(b * rate_hz)} {label}\n" for a, b, label in rows)


def htk(rows: list[Row]) -> str:
    """Return labels as an HTK ``.lab`` file."""
    return "".join(f"{round(a * 1e7)} {round(b * 1e7)} {label}\n" for a, b, label in rows)


def festival(rows: list[Row]) -> str:
    """Return labels as a Festival ``.lab`` file."""
    return "separator ;\nnfields 1\n#\n" + "".join(f"    {b:.4f} 121 {label}\n" for _, b, label in rows)


def audacity(rows: list[Row]) -> str:
    """Return labels as an exported Audacity label track."""
    return "".join(f"{a:.6f}\t{b:.6f}\t{label}\n" for a, b, label in rows)


# Name of a label file -> its content.
EVERY_FORMAT = {
    "short.TextGrid": short_textgrid({"phones": MA}),
    "long.TextGrid": long_textgrid({"phones": MA}),
    "timit.phn": timit(MA),
    "htk.lab": htk(MA),
    "festival.lab": festival(MA),
    "audacity.txt": audacity(MA),
}

SOUND = ["SIL", "M", "AA", "SIL"]
LABELS = short_textgrid({"phones": MA})


def record(folder: Path, *names: str, labels: str = LABELS, suffix: str = ".TextGrid") -> None:
    """Write recordings of "ma" and their labels."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        write_wave(folder / f"{name}.wav", spoken(SOUND))
        (folder / f"{name}{suffix}").write_text(labels, encoding="utf-8")
