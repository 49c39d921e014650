"""Where a result comes from."""

from __future__ import annotations

from dataclasses import dataclass

from gaitviewer.core.maps import AttentionMap, FeatureFinding, KnowledgeMap, SaliencyMap

SYNTHETIC_STATEMENT = "trained on synthetic gait; not validated on patients"


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
        seconds: how long it took; NaN where nobody timed it.
    """

    model: str
    weights_digest: str
    inputs_digest: str
    program: str
    device: str
    when: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed a session, and when (ISO 8601 UTC time)."""

    who: str
    when: str


@dataclass(frozen=True, slots=True, eq=False)
class Opinion:
    """What a model says of one question, or why it says nothing.

    Attributes:
        name: the question ("severity", "3 SAD left", "asymmetry").
        classes: possible answers.
        probabilities: of each answer; None = no opinion.
        reason: why there is no opinion; "" if there is one.
        label: the answer in words ("no CP-like deviation measured" may stand without probabilities).
    """

    name: str
    classes: tuple[str, ...]
    probabilities: tuple[float, ...] | None
    reason: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ModelOutput:
    """Everything one model says of a session.

    Attributes:
        model: identifier of the weights, e.g. "severity-1".
        opinions: its answers.
        saliency, attention, maps: raw explanations, as far as the model gives them.
        findings: the features that mattered, in words.
        texts: sentences generated from the subject's own measures.
        ranking: (keypoint, mean, low, high) of the population ranking, best first.
        synthetic: trained on synthetic gait; must be shown wherever the output is.
        provenance: from what, when, where.
    """

    model: str
    opinions: tuple[Opinion, ...]
    provenance: Provenance
    synthetic: bool
    saliency: tuple[SaliencyMap, ...] = ()
    attention: tuple[AttentionMap, ...] = ()
    maps: tuple[KnowledgeMap, ...] = ()
    findings: tuple[FeatureFinding, ...] = ()
    texts: tuple[str, ...] = ()
    ranking: tuple[tuple[str, float, float, float], ...] = ()

    @property
    def statement(self) -> str:
        """The sentence that must stand wherever this output is shown; "" if none must."""
        return SYNTHETIC_STATEMENT if self.synthetic else ""
