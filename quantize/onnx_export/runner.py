"""An exported model in ONNX Runtime on the processor, its state carried from hop to hop by us."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mandible.device.engines.base import check_features
from mandible.device.frames import MEL_BANDS, Logits, Mel
from mandible.errors import InputError
from mandible.models.visemes import VISEME_COUNT
from mandible.quantize.onnx_export.graph import FEATURES, LOGITS
from mandible.quantize.onnx_export.packages import onnxruntime
from mandible.wording import shortened

# One step of the int8 logits that a float model's are rounded to, as in every released model.
STEP_OF_FLOAT_LOGITS = 0.125
INT8 = "tensor(int8)"
KINDS = (INT8, "tensor(float)")
MOST_STATE = 1 << 20
FATAL_ONLY = 4  # the rest comes as an exception


class _ForeignError(Exception):
    """The file is well formed but not ours; the text says why."""


class OnnxRunner:
    """Runs what ``int8``, ``exact`` and ``float32`` write.

    Attributes:
        latest: logits and heads of the latest hop by name, in the model's own numbers.

    Args:
        content: bytes of an ``.onnx`` file.
        path: names the file in messages.
        fuses: lets ONNX Runtime fuse layers; without, it computes each operator of the graph as it stands.
        threads: how many of them an operator may use.

    Raises:
        InputError: the bytes are no model of ours.
        DeviceError: the package ``onnxruntime`` is missing.
    """

    name = "onnx"
    exact = False

    def __init__(
        self, content: bytes, path: Path | str = "model.onnx", *, fuses: bool = True, threads: int = 1
    ) -> None:
        runtime = onnxruntime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = FATAL_ONLY
        if not fuses:
            options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
        # Or pairs of products saturate at 16 bits on processors with AVX2 but without VNNI.
        options.add_session_config_entry("session.x64quantprecision", "1")
        try:
            # Without its fallback, which prints and tries the same once more.
            self._session = runtime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"], enable_fallback=0
            )
            self._read_interface()
            self._states = self._initial
            self.latest = self.outputs(np.zeros(MEL_BANDS, np.int8))  # what does not run, says so here
        except _ForeignError as error:
            raise InputError(
                f"{path}: not a streaming model that mandible exported ({shortened(str(error))}); "
                "make one with: mandible export onnx"
            ) from None
        except Exception as error:  # every kind of refusal has a class of its own
            raise InputError(
                f"{path}: ONNX Runtime refuses it ({shortened(str(error))}); export it again"
            ) from None
        self.reset()

    def step(self, mel: Mel) -> Logits:
        """(40,) int8 features of one hop -> (15,) int8 logits."""
        check_features(mel)
        self.latest = self.outputs(mel)
        logits = self.latest[LOGITS].reshape(-1)
        if self._is_int8:
            return logits.astype(np.int8, copy=False)
        return np.clip(np.rint(logits / self.output_scale), -128, 127).astype(np.int8)

    def outputs(self, mel: Mel) -> dict[str, NDArray[Any]]:
        """Run one hop and advance; return the logits and heads by name, in the model's own numbers."""
        frame: NDArray[Any] = mel.reshape(1, -1, 1, 1)
        if not self._is_int8:
            frame = frame.astype(np.float32) * np.float32(self._mel_scale)
        made = self._session.run(self._outputs, {FEATURES: frame, **self._states})
        results = dict(zip(self._outputs, made, strict=True))
        self._states = {name: results.pop(f"next_{name}") for name in self._states}
        return results

    def reset(self) -> None:
        """Return to the state before the first hop."""
        self._states = self._initial

    def _read_interface(self) -> None:
        """Take names and meaning from the file; raises _ForeignError where they are not ours."""
        try:
            inputs = {one.name: one for one in self._session.get_inputs()}
            outputs = {one.name: one for one in self._session.get_outputs()}
            told = self._session.get_modelmeta().custom_metadata_map
            self._check(inputs, outputs)
            self._mel_scale = float(json.loads(told["mel_scale"]))
            self.output_scale = (
                float(json.loads(told["logits_scale"])) if self._is_int8 else STEP_OF_FLOAT_LOGITS
            )
            states = json.loads(told["states"])
            self._initial = {state["name"]: self._filled(inputs, outputs, state) for state in states}
        except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
            raise _ForeignError(str(error)) from None
        if set(inputs) != {FEATURES, *self._initial}:
            raise _ForeignError("an input is neither the features nor a state")
        self._outputs = list(outputs)

    def _check(self, inputs: dict[str, Any], outputs: dict[str, Any]) -> None:
        kind, shape = inputs[FEATURES].type, inputs[FEATURES].shape
        if kind not in KINDS or shape != [1, MEL_BANDS, 1, 1]:
            raise ValueError(f"input {FEATURES} is {kind}{shape}")
        if outputs[LOGITS].shape != [1, VISEME_COUNT, 1, 1]:
            raise ValueError(f"output {LOGITS} has shape {outputs[LOGITS].shape}")
        self._is_int8 = kind == INT8

    def _filled(self, inputs: dict[str, Any], outputs: dict[str, Any], state: Any) -> NDArray[Any]:
        """Return a state as it is before the first hop."""
        name = state["name"]
        shape = inputs[name].shape
        if outputs[f"next_{name}"].shape != shape:
            raise ValueError(f"state {name} and its successor differ in shape")
        if math.prod(shape) > MOST_STATE:
            raise ValueError(f"state {name} has more than {MOST_STATE} numbers")
        return np.full(shape, state["zero_point"], np.int8 if self._is_int8 else np.float32)
