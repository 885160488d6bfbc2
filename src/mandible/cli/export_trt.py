"""``mandible export trt``: a TensorRT engine, built once on the Jetson that runs it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from mandible.errors import InputError
from mandible.quantize.onnx_export import engine_cache, tensorrt_build
from mandible.quantize.onnx_export.source import exported, keep_apart
from mandible.quantize.onnx_export.tensorrt_cache import WORKSPACE_MIB, obtain
from mandible.whole_file import check_place
from mandible.wording import one_line

MOST_WORKSPACE_MIB = 1 << 16


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the options of the kind."""
    parser.add_argument(
        "--model", required=True, metavar="M",
        help="a released model's name, a .tflite file, or without int8 a float model",
    )  # fmt: skip
    parser.add_argument(
        "--precision",
        choices=tensorrt_build.PRECISIONS,
        default="int8",
        help="int8 (default) builds the int8 model, fp16 and fp32 the float one",
    )
    parser.add_argument(
        "--workspace-mib", type=int, default=WORKSPACE_MIB, metavar="N",
        help=f"memory for the builder (default: {WORKSPACE_MIB})",
    )  # fmt: skip
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="ENGINE", help="file to write")


def main(args: argparse.Namespace) -> int:
    """Build the engine, or take it from the cache, and write it with a record of what it was built from."""
    outputs = (args.output, engine_cache.record_of(args.output))
    for output in outputs:
        check_place(output)
    keep_apart(args.model, *outputs)
    if not 1 <= args.workspace_mib <= MOST_WORKSPACE_MIB:
        raise InputError(f"--workspace-mib {args.workspace_mib}: give 1 to {MOST_WORKSPACE_MIB}")
    trt = tensorrt_build.tensorrt()
    is_int8 = args.precision == "int8"
    made = exported(args.model, "int8" if is_int8 else "float32", symmetric=is_int8)
    obtained = obtain(trt, made, args.precision, args.workspace_mib)
    engine, origin = obtained.content, obtained.origin
    engine_cache.write(args.output, engine, origin)
    if args.json:
        told = {**origin, "path": str(args.output), "bytes": len(engine), "cached": obtained.was_cached}
        print(json.dumps(told))
    else:
        how = "from the cache" if obtained.was_cached else "built"
        size = f"{len(engine):,} bytes"
        print(one_line(f"{args.output}: {made.name}, {args.precision}, {size}, {how}, for {origin['gpu']}"))
    return 0
