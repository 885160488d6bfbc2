"""Training one network in floating point, so that a training cut off at any moment can go on."""

from __future__ import annotations

import queue
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mandible.errors import InputError
from mandible.models import float_weights, losses, precision, tcn, teacher, training_record
from mandible.models.dataset import SOFT_ONE, Batch, Batches, ChunkChange, Stream
from mandible.models.settings import Settings
from mandible.models.targets import NO_TARGET

AHEAD_BATCHES = 4
PIECE_HOPS = 3000
History = list[dict[str, float]]


def as_input(mels: NDArray[np.int8]) -> NDArray[np.float32]:
    """(chunks, hops, 40) int8 features -> the float network's input (chunks, hops, 1, 40)."""
    return (mels.astype(np.float32) / np.float32(tcn.INPUT_STEPS))[:, :, None, :]


def build(settings: Settings) -> Any:
    """Return the untrained network that the settings name."""
    if settings.is_teacher:
        return precision.build(settings.precision, teacher.build)
    return precision.build(settings.precision, tcn.build, tcn.size_of(settings.size))


def logits_of(
    model: Any,
    mels: NDArray[np.int8],
    reach_hops: int = 128,
    ahead_hops: int = 0,
    piece_hops: int = PIECE_HOPS,
    step: Callable[[], None] = lambda: None,
) -> NDArray[np.float32]:
    """Run a float network over (n, 40) features as one sequence -> (n, 15) logits.

    Args:
        model: a Keras network of ``tcn`` or ``teacher``.
        mels: int8 features.
        reach_hops: how far back an output depends on its input; even.
        ahead_hops: how far ahead; 0 for a causal network; even.
        piece_hops: how much is computed at a time; even.
        step: called after each piece.
    """
    outputs = []
    padded = np.concatenate([mels, np.repeat(mels[-1:], ahead_hops + 1, axis=0)])
    for start in range(0, len(mels), piece_hops):
        stop, before = min(start + piece_hops, len(mels)), min(start, reach_hops)
        odd = (stop - start) % 2  # the teacher halves the rate: its pieces have an even length
        part = padded[start - before : stop + ahead_hops + odd]
        logits = model(as_input(part[None]), training=False).numpy()[0, :, 0]
        outputs.append(logits[before : before + stop - start])
        step()
    return np.concatenate(outputs)


def logits_for(model: Any, mels: NDArray[np.int8], settings: Settings) -> NDArray[np.float32]:
    """Run the network of these settings over (n, 40) features -> (n, 15) logits."""
    if settings.is_teacher:
        return logits_of(model, mels, teacher.REACH_HOPS, teacher.REACH_HOPS)
    return logits_of(model, mels)


def accuracy_on(logits: NDArray[np.float32], stream: Stream) -> float:
    """Return the share of labelled hops at which the largest logit is an accepted viseme."""
    right = (stream.accepted >> logits.argmax(axis=1).astype(np.uint16)) & 1
    return float(right[stream.viseme != NO_TARGET].mean())


def loss_of(
    logits: Any, viseme: Any, accepted: Any, jaw_percent: Any, soft: Any | None, settings: Settings
) -> Any:
    """Return how wrong logits are, as a TensorFlow scalar.

    Args:
        logits: (chunks, hops, 15).
        viseme: (chunks, hops), as in a batch.
        accepted: (chunks, hops), as in a batch.
        jaw_percent: (chunks, hops), as in a batch.
        soft: (chunks, hops, 15) weights of a teacher, or None without one.
        settings: what the parts of the loss weigh.
    """
    import tensorflow as tf

    viseme, jaw = tf.cast(viseme, tf.int32), tf.cast(jaw_percent, tf.float32) / 100
    log_weights = tf.nn.log_softmax(tf.cast(logits, tf.float32))
    loss = losses.hard_loss(log_weights, viseme, tf.cast(accepted, tf.int32), settings.first_choice_share)
    if soft is not None:
        taught = losses.soft_loss(log_weights, tf.cast(soft, tf.float32) / SOFT_ONE)
        loss = (1 - settings.teacher_share) * loss + settings.teacher_share * taught
    return loss + settings.jaw_weight * losses.jaw_loss(log_weights, viseme, jaw)


def _schedule(settings: Settings, steps: int, keras: Any) -> Any:
    class WarmUpThenCosine(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
        def __init__(self) -> None:
            self.cosine = keras.optimizers.schedules.CosineDecay(settings.learning_rate, steps)

        def __call__(self, step: Any) -> Any:
            import tensorflow as tf

            warm = tf.minimum(1.0, (tf.cast(step, tf.float32) + 1.0) / settings.warm_up_steps)
            return warm * self.cosine(step)

    return WarmUpThenCosine()


def drawn_ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """Draw batches on a thread while the network learns from the ones before."""
    ready: queue.Queue[Batch | BaseException | None] = queue.Queue(AHEAD_BATCHES)

    def draw() -> None:
        try:
            for batch in batches:
                ready.put(batch)
            ready.put(None)
        except BaseException as error:  # handed to the thread that learns
            ready.put(error)

    threading.Thread(target=draw, daemon=True).start()
    while (batch := ready.get()) is not None:
        if isinstance(batch, BaseException):
            raise batch
        yield batch


class Trainer:
    """One training in a folder: ``checkpoint/`` to go on from, ``float.npz`` the best weights so far.

    Args:
        folder: where the training lives; a training begun there goes on.
        batches: what to learn from.
        dev: hops of speakers that are not in ``batches``, to choose the epoch.
        settings: all else.
        change: augmentation of a batch.
        learned_from: names of all that is learned from; see ``training_record.learned_from``.
        start: file of weights to begin with, else random ones.

    Raises:
        InputError: the folder holds another training or a damaged one, or the weights do not fit.
    """

    def __init__(
        self,
        folder: Path,
        batches: Batches,
        dev: Stream,
        settings: Settings,
        change: ChunkChange,
        learned_from: dict[str, str | None],
        start: Path | None = None,
    ) -> None:
        keras = tcn.keras()
        import tensorflow as tf

        random.seed(settings.seed)
        tf.random.set_seed(settings.seed)
        self.folder, self.batches, self.dev = folder, batches, dev
        self.settings, self.change, self.learned_from = settings, change, learned_from
        self.model = build(settings)
        if start is not None:
            float_weights.put(float_weights.load(start), self.model, start)
        steps = settings.epochs * batches.steps_per_epoch
        self.optimizer = keras.optimizers.AdamW(
            _schedule(settings, steps, keras), weight_decay=settings.weight_decay, clipnorm=settings.clip_norm
        )
        self.optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias", "depthwise"])
        self.optimizer.build(self.model.trainable_variables)
        self.history: History = []
        self._step = tf.function(self._learn, autograph=False)
        self._manager = tf.train.CheckpointManager(
            tf.train.Checkpoint(model=self.model, optimizer=self.optimizer),
            folder / "checkpoint",
            max_to_keep=2,
        )
        self._resume()

    def _resume(self) -> None:
        import tensorflow as tf

        progress = self.folder / training_record.PROGRESS
        if not progress.exists():
            return
        kept = training_record.read(progress, "settings", "checkpoint", "history")
        training_record.refuse_another(self.folder, kept, self.settings, self.learned_from)
        checkpoint = self.folder / "checkpoint" / kept["checkpoint"]
        try:
            self._manager.checkpoint.restore(str(checkpoint)).expect_partial()
        except (tf.errors.OpError, ValueError):
            raise InputError(f"{checkpoint}: damaged; delete {self.folder} and train anew") from None
        self.history = kept["history"]

    def _learn(self, mels: Any, viseme: Any, accepted: Any, jaw_percent: Any, soft: Any) -> Any:
        import tensorflow as tf

        features = (tf.cast(mels, tf.float32) / tcn.INPUT_STEPS)[:, :, None, :]
        with tf.GradientTape() as tape:
            logits = self.model(features, training=True)[:, :, 0]
            is_taught = self.batches.copies[0].soft is not None
            loss = loss_of(logits, viseme, accepted, jaw_percent, soft if is_taught else None, self.settings)
        gradients = tape.gradient(loss, self.model.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.model.trainable_variables, strict=True))
        return loss

    def run(self, report: Callable[[dict[str, float]], None], step: Callable[[], None]) -> History:
        """Train to the last epoch; ``report`` gets each epoch's row, ``step`` is called after each batch."""
        while len(self.history) < self.settings.epochs:
            began, total = time.monotonic(), 0.0
            # Seeded by epoch: a training that was cut off draws what it would have drawn.
            rng = np.random.default_rng((self.settings.seed, len(self.history)))
            for batch in drawn_ahead(self.batches.epoch(rng, self.change)):
                total += float(
                    self._step(batch.mels, batch.viseme, batch.accepted, batch.jaw_percent, batch.soft)
                )
                step()
            self._finish_epoch(total / self.batches.steps_per_epoch, time.monotonic() - began)
            report(self.history[-1])
        return self.history

    def _finish_epoch(self, loss: float, seconds: float) -> None:
        if not np.isfinite(loss):
            raise InputError(f"{self.folder}: the loss became {loss}; a smaller --learning-rate is needed")
        accuracy = accuracy_on(logits_for(self.model, self.dev.mels, self.settings), self.dev)
        best = max((row["dev_accuracy"] for row in self.history), default=-1.0)
        row = {
            "epoch": len(self.history) + 1,
            "loss": round(loss, 4),
            "dev_accuracy": round(accuracy, 4),
            "seconds": round(seconds),
        }
        self.history.append(row)
        if row["dev_accuracy"] > best:
            # Half precision is enough for soft labels, and the teacher's file travels with the sources.
            kind = np.float16 if self.settings.is_teacher else np.float32
            float_weights.save(self.model, self.folder / float_weights.FILE, kind)
        checkpoint = Path(self._manager.save()).name
        training_record.write(
            self.folder / training_record.PROGRESS,
            {
                "settings": self.settings.described(),
                training_record.LEARNED_FROM: self.learned_from,
                "checkpoint": checkpoint,
                "history": self.history,
            },
        )
