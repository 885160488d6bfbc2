"""What training minimises, besides plain cross-entropy: conventions count as right, a teacher's doubts
count, and the jaw is watched.

All functions take TensorFlow tensors. ``log_weights`` is the logarithm of the network's softmax,
(chunks, hops, 15).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mandible.models.phones import jaw_of_viseme
from mandible.models.targets import NO_TARGET
from mandible.models.visemes import VISEME_COUNT

_NEVER = -1e9


def _mean(losses: Any, asked: Any) -> Any:
    import tensorflow as tf

    return tf.reduce_sum(losses * asked) / tf.maximum(1.0, tf.reduce_sum(asked))


def hard_loss(log_weights: Any, viseme: Any, accepted: Any, first_choice_share: float) -> Any:
    """Cross-entropy against the phones' visemes, partly against all that count as right.

    Args:
        log_weights: (chunks, hops, 15) float32.
        viseme: (chunks, hops) int32 first choice, -1 = not asked.
        accepted: (chunks, hops) int32, bit v set where viseme v counts as right.
        first_choice_share: 1 insists on the first choice; 0 is content with the sum over the accepted.
    """
    import tensorflow as tf

    asked = tf.cast(viseme != NO_TARGET, tf.float32)
    first = -tf.gather(log_weights, tf.maximum(viseme, 0), batch_dims=2)
    bits = tf.bitwise.bitwise_and(accepted[..., None], tf.constant(1 << np.arange(VISEME_COUNT), tf.int32))
    any_accepted = -tf.reduce_logsumexp(tf.where(bits > 0, log_weights, _NEVER), axis=-1)
    return _mean(first_choice_share * first + (1 - first_choice_share) * any_accepted, asked)


def soft_loss(log_weights: Any, soft: Any) -> Any:
    """Cross-entropy against a teacher's weights (chunks, hops, 15), 0 to 1; all zero = not asked."""
    import tensorflow as tf

    total = tf.reduce_sum(soft, axis=-1)
    asked = tf.cast(total > 0, tf.float32)
    teacher = soft / tf.maximum(total, 1e-6)[..., None]
    return _mean(-tf.reduce_sum(teacher * log_weights, axis=-1), asked)


def jaw_loss(log_weights: Any, viseme: Any, jaw: Any) -> Any:
    """Mean square error of the expected opening against the phones' own (chunks, hops), 0 to 1."""
    import tensorflow as tf

    opening = tf.linalg.matvec(tf.exp(log_weights), tf.constant(jaw_of_viseme(), tf.float32))
    return _mean(tf.square(opening - jaw), tf.cast(viseme != NO_TARGET, tf.float32))
