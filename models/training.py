"""Training one network of the family in floating point."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mandible.models import tcn
from mandible.models.dataset import Batches, ChunkChange, Stream
from mandible.models.targets import NO_TARGET


@dataclass(frozen=True)
class Settings:
    """How to train; the card records all of it."""

    size: str = "small"
    epochs: int = 30
    seed: int = 1
    lookahead_ms: int = 30
    learning_rate: float = 3e-3
    weight_decay: float = 1e-3
    clip_norm: float = 2.0
    warm_up_steps: int = 300
    chunk_hops: int = 300
    batch_chunks: int = 32
    unscored_hops: int = 30

    def described(self) -> dict[str, Any]:
        """Return the settings as plain data."""
        return asdict(self)


def as_input(mels: NDArray[np.int8]) -> NDArray[np.float32]:
    """(chunks, hops, 40) int8 features -> the float network's input (chunks, hops, 1, 40)."""
    return (mels.astype(np.float32) / np.float32(tcn.INPUT_STEPS))[:, :, None, :]


def logits_of(model: Any, mels: NDArray[np.int8], chunk_hops: int = 2000) -> NDArray[np.float32]:
    """Run the float network over (n, 40) features as one sequence -> (n, 15) logits."""
    reach = max(tcn.SIZES.values(), key=lambda size: size.receptive_hops).receptive_hops
    outputs = []
    for start in range(0, len(mels), chunk_hops):
        before = min(start, reach)
        part = mels[start - before : start + chunk_hops]
        outputs.append(model(as_input(part[None]), training=False).numpy()[0, before:, 0])
    return np.concatenate(outputs)


def accuracy_on(model: Any, stream: Stream) -> float:
    """Return the fraction of labelled hops at which the largest logit is the label."""
    labelled = stream.viseme != NO_TARGET
    return float(np.mean(logits_of(model, stream.mels).argmax(axis=1)[labelled] == stream.viseme[labelled]))


def _schedule(settings: Settings, steps: int, keras: Any) -> Any:
    class WarmUpThenCosine(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
        def __init__(self) -> None:
            self.cosine = keras.optimizers.schedules.CosineDecay(settings.learning_rate, steps)

        def __call__(self, step: Any) -> Any:
            import tensorflow as tf

            warm = tf.minimum(1.0, (tf.cast(step, tf.float32) + 1.0) / settings.warm_up_steps)
            return warm * self.cosine(step)

    return WarmUpThenCosine()


def fit(
    batches: Batches,
    dev: Stream,
    settings: Settings,
    change: ChunkChange,
    report: Callable[[str], None],
    keep: Callable[[Any], None],
    start: Any = None,
) -> tuple[Any, list[dict[str, float]]]:
    """Train and return the network with the weights of the best epoch on ``dev``, and the history.

    Args:
        batches: what to learn from.
        dev: hops of speakers that are not in ``batches``, to choose the epoch.
        settings: sizes, rates and seed.
        change: augmentation of a chunk.
        report: called with one line per epoch.
        keep: called with the network after every epoch that is the best so far.
        start: a network to continue with; a fresh one where None.
    """
    keras = tcn.keras()
    import tensorflow as tf

    random.seed(settings.seed)
    tf.random.set_seed(settings.seed)
    model = start if start is not None else tcn.build(tcn.size_of(settings.size))
    steps = settings.epochs * batches.steps_per_epoch
    optimizer = keras.optimizers.AdamW(
        _schedule(settings, steps, keras), weight_decay=settings.weight_decay, clipnorm=settings.clip_norm
    )
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias", "depthwise"])

    def step(mels: Any, viseme: Any) -> Any:
        with tf.GradientTape() as tape:
            logits = model(mels, training=True)[:, :, 0]
            asked = tf.cast(viseme != NO_TARGET, tf.float32)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.maximum(viseme, 0), logits)
            loss = tf.reduce_sum(losses * asked) / tf.maximum(1.0, tf.reduce_sum(asked))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    compiled = tf.function(step)
    source = batches.draw(np.random.default_rng(settings.seed), change)
    history: list[dict[str, float]] = []
    best, best_weights = -1.0, model.get_weights()
    for epoch in range(settings.epochs):
        began, total = time.monotonic(), 0.0
        for _ in range(batches.steps_per_epoch):
            mels, viseme = next(source)
            total += float(compiled(as_input(mels), viseme.astype(np.int32)))
        loss, dev_accuracy = total / batches.steps_per_epoch, accuracy_on(model, dev)
        history.append({"epoch": epoch + 1, "loss": round(loss, 4), "dev_accuracy": round(dev_accuracy, 4)})
        report(f"epoch {epoch + 1}: loss {loss:.4f} dev {dev_accuracy:.4f} {time.monotonic() - began:.0f} s")
        if dev_accuracy > best:
            best, best_weights = dev_accuracy, model.get_weights()
            keep(model)
    model.set_weights(best_weights)
    return model, history
