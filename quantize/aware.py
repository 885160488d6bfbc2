"""Quantisation-aware training: a few more epochs in which the network feels the rounding it will get.

The ranges begin at those of the float network. With a sparsity, weights are first pruned over the first
half of the epochs, smallest first, and stay zero while the rounding is learned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mandible.errors import InputError
from mandible.models import dataset, takes_cache, tcn, training
from mandible.models.augment.chunks import ChunkAugmenter
from mandible.models.dataset import Batches, Stream
from mandible.models.settings import Settings
from mandible.models.targets import NO_TARGET
from mandible.models.train import Selection, Show
from mandible.models.utterance import Utterance
from mandible.quantize import keras_network
from mandible.quantize.float_layers import FloatAdd, FloatConv
from mandible.quantize.float_model import FloatModel
from mandible.quantize.ranges import Ranges, fixed

# Layer name -> 0 where a weight is removed, else 1; (outputs, taps, inputs).
Masks = dict[str, NDArray[np.float32]]
_FIXED = ("mel", "logits")


@dataclass(frozen=True)
class Plan:
    """How to train.

    Attributes:
        epochs: passes over as much speech as the corpus has.
        learning_rate: at the beginning; it falls to 0 along a cosine.
        sparsity: share of the weights of 1x1 and stem convolutions that become 0; None for all kept.
        seed: of batches and augmentation.
    """

    epochs: int
    learning_rate: float
    sparsity: float | None = None
    seed: int = 1

    @property
    def pruning_epochs(self) -> int:
        """Epochs before the rounding is learned."""
        return 0 if self.sparsity is None else max(1, self.epochs // 2)

    @property
    def quantised_epochs(self) -> int:
        """Epochs in which the rounding is learned."""
        return max(1, self.epochs - self.pruning_epochs)

    @property
    def total_epochs(self) -> int:
        """All of them."""
        return self.pruning_epochs + self.quantised_epochs


@dataclass(frozen=True)
class Learned:
    """A trained network, the ranges that came with it, and one row per epoch."""

    model: FloatModel
    ranges: Ranges
    history: list[dict[str, float]]


def train(
    model: FloatModel,
    ranges: Ranges,
    corpora: Sequence[Path],
    plan: Plan,
    show: Show,
    cache: Path | None = None,
) -> Learned:
    """Train a float network for int8.

    Args:
        model: where to begin.
        ranges: of its values.
        corpora: labelled speech, splits ``train`` and ``dev``; noise comes from the first.
        plan: how.
        show: where progress goes.
        cache: folder for computed features; the user's cache folder where None.

    Returns:
        The weights of the epoch that did best on split ``dev``.

    Raises:
        InputError: too little to learn from, or the loss is no number any more.
        DeviceError: TensorFlow or tfmot is not installed.
    """
    tcn.keras()
    selection = Selection(tuple(corpora))
    batches, dev, change = _material(model, selection, plan, show, cache or takes_cache.default_folder())
    step = show.work("learning", plan.total_epochs * batches.steps_per_epoch)
    masks: Masks = {}
    if plan.sparsity is not None:
        run = _Run(keras_network.build(model), batches, change, plan, step)
        masks = _pruned(run, model, plan)
        model = keras_network.taken(run.network, model)
    twin = keras_network.quantised(keras_network.build(model), ranges)
    run = _Run(twin, batches, change, plan, step, keras_network.pinned(twin, _FIXED, ranges))
    best = Learned(model, ranges, [{"epoch": 0, "dev_accuracy": round(run.accuracy(dev), 4)}])
    for epoch in range(plan.quantised_epochs):
        loss = run.epoch(epoch, plan.quantised_epochs, masks)
        if not np.isfinite(loss):
            raise InputError(f"the loss became {loss} in epoch {epoch + 1}; another corpus or fewer --epochs")
        accuracy = round(run.accuracy(dev), 4)
        show.say(f"epoch {epoch + 1} of {plan.quantised_epochs}: loss {loss:.4f}, dev {accuracy:.4f}")
        row = {"epoch": epoch + 1, "loss": round(loss, 4), "dev_accuracy": accuracy}
        history = [*best.history, row]
        # The ranges it begins with are those of the network before it was pruned.
        is_first = plan.sparsity is not None and epoch == 0
        if is_first or accuracy >= max(one["dev_accuracy"] for one in best.history):
            learned = fixed(model, keras_network.ranges_of(twin, ranges))
            best = Learned(keras_network.taken(twin, model), learned, history)
        else:
            best = replace(best, history=history)
    return best


def _pruned(run: _Run, model: FloatModel, plan: Plan) -> Masks:
    """Prune and learn in turn; return the masks that are left at the end."""
    masks: Masks = {}
    for epoch in range(plan.pruning_epochs):
        # Half of what is to go goes at once, so that the rest can still learn to do without.
        reached = (plan.sparsity or 0.0) * (0.5 + 0.5 * (epoch + 1) / plan.pruning_epochs)
        masks = smallest_removed(keras_network.taken(run.network, model), reached)
        run.epoch(epoch, plan.pruning_epochs, masks)
    return masks


def smallest_removed(model: FloatModel, sparsity: float) -> Masks:
    """Return layer name -> 0 where a weight is among the smallest ``sparsity`` of its layer, else 1.

    Depthwise layers and the logits are spared: they have few weights, and each of them counts.
    """
    masks = {}
    for layer in model.layers:
        if isinstance(layer, FloatConv) and layer.name != "logits":
            size = np.abs(layer.weights)
            kept = size > np.quantile(size, sparsity)
            masks[layer.name] = kept.astype(np.float32)
    return masks


def sparsity_of(model: FloatModel) -> float:
    """Return the share of all weights that are 0."""
    weights = [layer.weights for layer in model.layers if not isinstance(layer, FloatAdd)]
    return 1 - sum(int(np.count_nonzero(one)) for one in weights) / sum(one.size for one in weights)


def _material(
    model: FloatModel, selection: Selection, plan: Plan, show: Show, cache: Path
) -> tuple[Batches, Stream, Any]:
    learn, dev = selection.utterances("train"), selection.utterances("dev")
    for split, found in (("train", learn), ("dev", dev)):
        if not found:
            raise InputError(
                f"{selection.corpora[0]}: no utterances of split {split!r} under an allowed licence; "
                "see: mandible data check"
            )

    def stream(name: str, utterances: list[Utterance]) -> Stream:
        def compute() -> Stream:
            return dataset.assemble(utterances, step=show.work(name, len(utterances)))

        kept = cache / f"{takes_cache.key(utterances)}.npz"
        return takes_cache.stream(kept, compute).delayed(model.lookahead_ms)

    heard, choosing = stream("recordings", learn), stream("dev speakers", dev)
    settings = Settings()
    if (heard.viseme != NO_TARGET).sum() < settings.chunk_hops or not (choosing.viseme != NO_TARGET).any():
        raise InputError(
            f"{selection.corpora[0]}: too little speech to train with: at least 3 s of split 'train' and "
            "some of split 'dev' are needed; record more"
        )
    batches = Batches((heard,), (1.0,), settings.chunk_hops, settings.batch_chunks, settings.unscored_hops)
    change = ChunkAugmenter(selection.corpora[0], learn, np.random.default_rng(plan.seed)).batch
    return batches, choosing, change


class _Run:
    """Some epochs of one Keras network."""

    def __init__(
        self,
        network: Any,
        batches: Batches,
        change: Any,
        plan: Plan,
        step: Callable[[], None],
        pinned: Sequence[tuple[Any, float]] = (),
    ) -> None:
        import tensorflow as tf

        self.network, self._batches, self._change, self._plan = network, batches, change, plan
        self._pinned, self._done = pinned, step
        self._optimizer = tcn.keras().optimizers.Adam(plan.learning_rate, clipnorm=Settings().clip_norm)
        self._optimizer.build(network.trainable_variables)
        self._masks: list[tuple[Any, Any]] = []
        self._step = tf.function(self._learn, autograph=False)

    def epoch(self, number: int, epochs: int, masks: Masks) -> float:
        """Learn for one epoch of ``epochs``; weights whose mask is 0 stay 0. Returns the mean loss."""
        kernels = keras_network.kernels(self.network)
        if masks and not self._masks:
            import tensorflow as tf

            self._masks = [(kernels[name], tf.Variable(tf.ones_like(kernels[name]))) for name in masks]
        for (kernel, mask), values in zip(self._masks, masks.values(), strict=True):
            mask.assign(values.transpose(1, 2, 0)[:, np.newaxis])
            kernel.assign(kernel * mask)
        rng = np.random.default_rng((self._plan.seed, number, bool(self._pinned)))
        steps, total = self._batches.steps_per_epoch, 0.0
        for step, batch in enumerate(training.drawn_ahead(self._batches.epoch(rng, self._change))):
            done = (number * steps + step) / (epochs * steps)
            rate = self._plan.learning_rate * 0.5 * (1 + np.cos(np.pi * done))
            self._optimizer.learning_rate.assign(rate)
            total += float(self._step(batch.mels, batch.viseme, batch.accepted, batch.jaw_percent))
            self._done()
        return total / steps

    def _learn(self, mels: Any, viseme: Any, accepted: Any, jaw_percent: Any) -> Any:
        import tensorflow as tf

        features = (tf.cast(mels, tf.float32) / tcn.INPUT_STEPS)[:, :, None, :]
        variables = self.network.trainable_variables
        with tf.GradientTape() as tape:
            outputs = self.network(features, training=True)
            # Heads are not taught here; they follow as far as the layers they share.
            logits = (outputs[0] if isinstance(outputs, list | tuple) else outputs)[:, :, 0]
            loss = training.loss_of(logits, viseme, accepted, jaw_percent, None, Settings())
        gradients = tape.gradient(loss, variables)
        self._optimizer.apply_gradients(
            (gradient, variable)
            for gradient, variable in zip(gradients, variables, strict=True)
            if gradient is not None
        )
        for kernel, mask in self._masks:
            kernel.assign(kernel * mask)
        for variable, value in self._pinned:
            variable.assign(tf.fill(tf.shape(variable), value))
        return loss

    def accuracy(self, dev: Stream) -> float:
        """Return the share of hops of the dev speakers with an accepted viseme."""
        network = self.network

        def first(features: Any, training: bool) -> Any:
            outputs = network(features, training=training)
            return outputs[0] if isinstance(outputs, list | tuple) else outputs

        return training.accuracy_on(training.logits_of(first, dev.mels), dev)
