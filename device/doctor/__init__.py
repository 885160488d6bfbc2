"""Looking over the computer mandible runs on: ``examine()`` yields findings, each with what mends it."""

from mandible.device.doctor.check import FAIL, OK, WARN, Check
from mandible.device.doctor.examination import examine

__all__ = ["FAIL", "OK", "WARN", "Check", "examine"]
