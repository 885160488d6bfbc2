"""``mandible export onnx``: a model as an ONNX file of one hop, its state going in and coming out."""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

from mandible.quantize.onnx_export.source import PRECISIONS, exported, keep_apart
from mandible.whole_file import check_place, written
from mandible.wording import one_line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the options of the kind."""
    parser.add_argument(
        "--model", required=True, metavar="M",
        help="a released model's name, a .tflite file, or with float32 also a float model",
    )  # fmt: skip
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="int8",
        help="int8 (default), float32, or exact: the reference kernels' bytes, slower",
    )
    parser.add_argument(
        "--symmetric", action="store_true", help="int8 without zero points, as TensorRT needs it"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.onnx", help="file to write")


def main(args: argparse.Namespace) -> int:
    """Write the file, then say what it is."""
    check_place(args.output)
    keep_apart(args.model, args.output)
    made = exported(args.model, args.precision, symmetric=args.symmetric)
    with written(args.output) as partial:
        partial.write_bytes(made.content)
    told = {
        "model": made.name,
        "model_sha256": made.sha256,
        "precision": args.precision,
        "symmetric": args.symmetric,
        "lookahead_ms": made.lookahead_ms,
        "path": str(args.output),
        "bytes": len(made.content),
        "sha256": hashlib.sha256(made.content).hexdigest(),
    }
    if args.json:
        print(json.dumps(told))
    else:
        print(one_line(f"{args.output}: {made.name}, {args.precision}, {len(made.content):,} bytes"))
    return 0
