"""Where a result comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Provenance:
    """What made a result, from what.

    Attributes:
        model: name and version of the estimator, model or method.
        weights_digest: SHA-256 of the weights, or "".
        inputs_digest: SHA-256 over all inputs; another value means "out of date".
        program: program version.
        device: where it ran ("cpu", "cuda:0").
        when: ISO 8601 UTC time.
        seconds: how long it took.
    """

    model: str
    weights_digest: str
    inputs_digest: str
    program: str
    device: str
    when: str
    seconds: float
