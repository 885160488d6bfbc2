"""How well a sequence of visemes follows the phones: the figures of a model card.

Everything is delay compensated: each hop is compared with the instant it describes. Where several
visemes count as right, the one said is taken as the truth, so that conventions are no errors.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import HOP_MS
from mandible.models.corpus import Utterance
from mandible.models.phones import jaw_of_viseme, visemes_of
from mandible.models.targets import HALF_WINDOW_MS, NO_TARGET, Targets
from mandible.models.visemes import VISEME_COUNT, Viseme

NEAR_HOPS = 4
FORGIVEN_HOPS = 2
# A closure that lasts counts once per this many hops, so that one long mistake weighs as several.
RUN_HOPS = 20
JAW_SMOOTHING_HOPS = 9

Bools = NDArray[np.bool_]
Said = NDArray[np.integer]


@dataclass(frozen=True)
class Scores:
    """Figures between 0 and 1, over all hops of a set.

    Attributes:
        accuracy: share of hops with an accepted viseme.
        accuracy_strict: share of hops with the table's first choice.
        accuracy_forgiving: as ``accuracy``, with 20 ms of freedom at boundaries.
        macro_f1: mean F1 of the visemes that occur.
        bilabial_recall: share of /p b m/ with a closure within 40 ms.
        bilabial_precision: share of closures outside silence with a /p b m/ within 40 ms.
        jaw_correlation: of the smoothed opening said with the phones' own.
        changes_per_s: how often the viseme changes.
    """

    accuracy: float
    accuracy_strict: float
    accuracy_forgiving: float
    macro_f1: float
    bilabial_recall: float
    bilabial_precision: float
    jaw_correlation: float
    changes_per_s: float
    hops: int
    bilabials: int


def runs(mask: Bools) -> list[tuple[int, int]]:
    """Return (first, after last) of each stretch of True."""
    edges = np.diff(np.concatenate([[0], mask.astype(np.int8), [0]]))
    return list(zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True))


def smoothed_jaw(opening: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smooth an opening per hop with a Hann window of about 90 ms, as lips and servos would."""
    kernel = np.hanning(JAW_SMOOTHING_HOPS + 2)[1:-1]
    padded = np.pad(opening, JAW_SMOOTHING_HOPS, mode="edge")
    smooth = np.convolve(padded, kernel / kernel.sum(), "same")
    return np.asarray(smooth[JAW_SMOOTHING_HOPS:-JAW_SMOOTHING_HOPS], np.float64)


def _hop_of(instant_s: float, lookahead_ms: int) -> int:
    return round((instant_s * 1000 + HALF_WINDOW_MS + lookahead_ms) / HOP_MS - 0.5)


@dataclass
class Tally:
    """Sums over the utterances of a set."""

    lookahead_ms: int
    said: list[Said] = field(default_factory=list)
    truth: list[Targets] = field(default_factory=list)
    bilabials: int = 0
    bilabials_closed: int = 0
    closures: int = 0
    closures_right: int = 0
    jaw_said: list[NDArray[np.float64]] = field(default_factory=list)
    jaw_truth: list[NDArray[np.float64]] = field(default_factory=list)

    def add(self, utterance: Utterance, said: Said, truth: Targets) -> None:
        """Count one utterance: (hops,) visemes said and the labels of the same hops."""
        self.said.append(said)
        self.truth.append(truth)
        self._count_closures(utterance, said == Viseme.PP, truth.viseme == Viseme.sil)
        first = _hop_of(0.0, self.lookahead_ms)
        self.jaw_said.append(smoothed_jaw(np.array(jaw_of_viseme())[said])[first:])
        self.jaw_truth.append(smoothed_jaw(truth.jaw.astype(np.float64))[first:])

    def _count_closures(self, utterance: Utterance, closed: Bools, silent: Bools) -> None:
        near = np.zeros(len(closed), bool)
        for start_s, end_s, phone in zip(utterance.starts_s, utterance.ends_s, utterance.phones, strict=True):
            if Viseme.PP not in [viseme for viseme, _ in visemes_of(utterance.phoneset, phone)]:
                continue
            start, end = _hop_of(start_s, self.lookahead_ms), _hop_of(end_s, self.lookahead_ms)
            around = slice(max(0, start - NEAR_HOPS), end + NEAR_HOPS)
            near[around] = True
            self.bilabials += 1
            self.bilabials_closed += bool(closed[around].any())
        for first, last in runs(closed):
            for start in range(first, last, RUN_HOPS):
                piece = slice(start, min(start + RUN_HOPS, last))
                around = slice(max(0, piece.start - NEAR_HOPS), piece.stop + NEAR_HOPS)
                if silent[piece].mean() >= 0.5 or silent[around].all():
                    continue  # lips may rest closed in silence
                self.closures += 1
                self.closures_right += bool(near[piece].any())

    def scores(self) -> Scores:
        """Return the figures; at least one utterance must have been added."""
        said = np.concatenate(self.said)
        first_choice = np.concatenate([truth.viseme for truth in self.truth])
        accepted = np.concatenate([truth.accepted for truth in self.truth])
        forgiven = np.concatenate([_widened(truth.accepted) for truth in self.truth])
        asked, index = first_choice != NO_TARGET, np.arange(len(said))
        right = accepted[index, said]
        meant = np.where(right, said, first_choice)[asked]
        changes = sum(int(np.count_nonzero(np.diff(one))) for one in self.said)
        jaw_said, jaw_truth = np.concatenate(self.jaw_said), np.concatenate(self.jaw_truth)
        # A jaw that never moves follows nothing; its correlation is not defined otherwise.
        moves = min(jaw_said.std(), jaw_truth.std()) > 1e-9
        correlation = np.corrcoef(jaw_said, jaw_truth)[0, 1] if moves else 0.0
        return Scores(
            accuracy=float(right[asked].mean()),
            accuracy_strict=float((said == first_choice)[asked].mean()),
            accuracy_forgiving=float(forgiven[index, said][asked].mean()),
            macro_f1=_macro_f1(meant, said[asked], np.unique(first_choice[asked])),
            bilabial_recall=self.bilabials_closed / max(1, self.bilabials),
            bilabial_precision=self.closures_right / max(1, self.closures),
            jaw_correlation=float(correlation),
            changes_per_s=changes / (len(said) * HOP_MS / 1000),
            hops=int(asked.sum()),
            bilabials=self.bilabials,
        )


def _widened(accepted: Bools) -> Bools:
    wide = accepted.copy()
    for shift in range(1, FORGIVEN_HOPS + 1):
        wide[shift:] |= accepted[:-shift]
        wide[:-shift] |= accepted[shift:]
    return wide


def _macro_f1(meant: Said, said: Said, classes: Said) -> float:
    table = np.bincount(meant * VISEME_COUNT + said, minlength=VISEME_COUNT**2)
    confusion = table.reshape(VISEME_COUNT, VISEME_COUNT)
    hits = np.diagonal(confusion)
    f1 = 2 * hits / np.maximum(1, confusion.sum(axis=0) + confusion.sum(axis=1))
    return float(f1[classes].mean())
