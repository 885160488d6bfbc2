"""What a probe could not measure and why, kept until everything else is measured."""

from __future__ import annotations

from dataclasses import dataclass, field

from mandible.errors import DeviceError, MandibleError


@dataclass
class Missing:
    """Reasons, each with what it keeps from being measured."""

    told: dict[str, list[str]] = field(default_factory=dict)

    def note(self, what: str, error: MandibleError) -> None:
        """Remember a reason."""
        self.told.setdefault(str(error), []).append(what)

    def raise_if_any(self) -> None:
        """Raise DeviceError with all reasons in one line, each told once, where there are any."""
        if self.told:
            raise DeviceError("; ".join(f"{', '.join(whats)}: {why}" for why, whats in self.told.items()))
