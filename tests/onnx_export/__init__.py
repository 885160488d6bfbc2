"""Tests of the ONNX files, their runner and the TensorRT engines built from them."""
