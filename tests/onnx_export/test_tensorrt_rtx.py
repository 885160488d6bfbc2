"""TensorRT for RTX, the sibling of a Jetson's TensorRT, parses and builds what we export; no GPU needed."""

from __future__ import annotations

import importlib

import pytest

from mandible.errors import DeviceError
from mandible.models import network, released
from mandible.quantize import float_model
from mandible.quantize.onnx_export import exact, float32, int8, tensorrt_build
from tests.onnx_export import fake_execution


@pytest.mark.full
@pytest.mark.parametrize("name", ["nano", "small", "base"])
def test_it_builds_every_size(name: str) -> None:
    trt = importlib.import_module("tensorrt_rtx")
    checked = network.load(released.resolve(name).path)
    weights = sum(layer.weights.size for layer in checked.temporal_and_pointwise)
    engine = tensorrt_build.build(trt, int8(checked, symmetric=True), "int8", 64)
    assert len(engine) > weights  # they are in it
    assert len(tensorrt_build.build(trt, float32(float_model.load(name)), "fp32", 64)) > 4 * weights


@pytest.mark.full
def test_it_says_in_one_line_what_it_cannot_take() -> None:
    trt = importlib.import_module("tensorrt_rtx")
    checked = network.load(released.resolve("nano").path)
    refused = {
        "Non-zero zero point": int8(checked),  # which is why there is a symmetric form
        "cannot build the engine": exact(checked),
        "Failed to parse": b"no model",
        "at least one output": b"",
    }
    for reason, content in refused.items():
        with pytest.raises(DeviceError, match=reason) as refusal:
            tensorrt_build.build(trt, content, "int8", 64)
        assert "\n" not in str(refusal.value)


@pytest.mark.full
def test_the_stand_in_offers_nothing_that_the_real_one_lacks() -> None:
    trt = importlib.import_module("tensorrt_rtx")
    for stand_in, real in (
        (fake_execution.FakeEngine, trt.ICudaEngine),
        (fake_execution.FakeContext, trt.IExecutionContext),
        (fake_execution.TensorIOMode, trt.TensorIOMode),
        (fake_execution.DataType, trt.DataType),
        (fake_execution.TensorFormat, trt.TensorFormat),
        (fake_execution.TensorLocation, trt.TensorLocation),
    ):
        offered = {name for name in vars(stand_in) if not name.startswith("_")} - {"changes"}
        assert offered
        assert offered <= set(dir(real)), real
    assert hasattr(trt.Runtime, "deserialize_cuda_engine")
