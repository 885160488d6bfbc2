"""What the numbers of an exported model mean: the metadata of its ``.onnx`` file."""

from __future__ import annotations

from mandible.models.network import Network


def int8_meaning(network: Network) -> dict[str, object]:
    """Return scale and zero point of features, logits and heads: real = (int8 - zero point) * scale."""
    heads = [
        {"name": head.name, "scale": output.scale, "zero_point": output.zero_point}
        for head in network.heads
        for output in [network.layers[head.value - 1].output]
    ]
    return {
        "mel_scale": network.input_scale,
        "mel_zero_point": network.input_zero_point,
        "logits_scale": network.output_scale,
        "logits_zero_point": network.output_zero_point,
        "heads": heads,
    }
