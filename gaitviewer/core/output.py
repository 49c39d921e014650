"""What learned models say of a session, and where a result comes from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from gaitviewer.core.gait import Side
from gaitviewer.core.maps import AttentionMap, FeatureFinding, KnowledgeMap, SaliencyMap
from gaitviewer.messages import NOTHING, Message

SYNTHETIC_STATEMENT = "trained on synthetic gait; not validated on patients"


def statement_of(*, synthetic: bool, few: int = 0) -> str:
    """The sentence that must stand wherever an output is shown; "" if none must.

    Args:
        synthetic: the model was trained on synthetic gait.
        few: people that it learned from, where they are too few to rely on; 0 where they are enough.
    """
    parts = [SYNTHETIC_STATEMENT] if synthetic else []
    return "; ".join([*parts, f"learned from {few} people only"] if few else parts)


@dataclass(frozen=True, slots=True)
class Provenance:
    """What made a result, from what.

    Attributes:
        model: name and version of the estimator, model or method.
        weights_digest: SHA-256 of the weights, or "".
        inputs_digest: SHA-256 over all inputs; another value means "out of date".
        program: program version.
        device: where it ran, with the precision where that is not fp32 ("cpu", "cuda:0", "cuda:0 bf16").
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


UNTOLD = Provenance("", "", "", "", "", "", 0.0)
"""Of what whoever asked for it signs afterwards."""


class SignatureState(Enum):
    """What can be said of a signature by comparing the session with what was signed."""

    VALID = "valid"
    """The session is, part by part, what was signed."""

    PARTLY = "partly"
    """Grades and measures are what was signed; the version that signed kept no more to compare with."""

    CHANGED = "changed"
    """The session is not what was signed."""

    UNKNOWN = "unknown"
    """The version that signed kept too little to compare with."""

    ALTERED = "altered"
    """The record of the signatures is not as the program wrote it: it proves nothing."""


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed a session, and what that is worth now.

    Attributes:
        who, when: name, and ISO 8601 UTC time.   state: how the session compares with what was signed.
        changed: names of the parts that are others now, as far as they are known.
    """

    who: str
    when: str
    state: SignatureState = SignatureState.VALID
    changed: tuple[str, ...] = ()

    @property
    def stands(self) -> bool:
        """Whether the session may be called signed."""
        return self.state in (SignatureState.VALID, SignatureState.PARTLY)


@dataclass(frozen=True, slots=True)
class MeasuredBasis:
    """A measured value that an answer rests on, "none" and "no opinion" included.

    Attributes:
        name, title: identifier, and words for people.
        value, unit: what was measured; NaN = not assessable.
        error: its standard error, in ``unit``; NaN where it is not known.
        limit: beyond which the answer is another one, in ``unit``; NaN where there is none.
    """

    name: str
    title: str
    value: float
    unit: str
    error: float
    limit: float


@dataclass(frozen=True, slots=True, eq=False)
class Opinion:
    """What a model says of one question, or why it says nothing.

    Attributes:
        name: the question ("severity", "3 SAD left", "asymmetry").
        classes: possible answers.
        probabilities: of each answer; None = no opinion.
        reason: why there is no opinion; NOTHING if there is one.
        label: the answer in words ("no CP-like deviation measured" may stand without probabilities).
    """

    name: str
    classes: tuple[str, ...]
    probabilities: tuple[float, ...] | None
    reason: Message = NOTHING
    label: str = ""


FAMILIARITY = "familiarity"
"""Name of the :class:`MeasuredBasis` that tells how far a session lies from those that a model learned from."""


@dataclass(frozen=True, slots=True)
class ModelOrigin:
    """What the card of a model says of where its answers come from.

    Attributes:
        title, data: what it answers, in a line; what it learned from.
        limits: sentences on what it cannot do.
        measured: (test set, figure, value) of how well it did: ("shifted", "balanced_accuracy", 0.54).
    """

    title: str = ""
    data: str = ""
    limits: tuple[str, ...] = ()
    measured: tuple[tuple[str, str, float], ...] = ()


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
        basis: the measured values that the answers rest on.
        origin: what the model's card said when it was asked.
        few: people that the model learned from, where they are too few to rely on; 0 where they are enough.
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
    basis: tuple[MeasuredBasis, ...] = ()
    origin: ModelOrigin = ModelOrigin()
    few: int = 0

    @property
    def statement(self) -> str:
        """The sentence that must stand wherever this output is shown; "" if none must."""
        return statement_of(synthetic=self.synthetic, few=self.few)


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a model said of a session, as it is kept with it.

    Attributes:
        task: the system ("severity", "evgs", "scoliosis").
        output: what it said, with its maps and provenance.
        out_of_date: keypoints, events or facts of the session, or the weights, are others by now.
    """

    task: str
    output: ModelOutput
    out_of_date: bool = False


def item_asked(question: str) -> tuple[int, Side] | None:
    """Item and limb of a question on the Edinburgh score ("3 SAD left"); None of any other question."""
    number, _, rest = question.partition(" ")
    side = rest.rpartition(" ")[2]
    if not number.isdecimal() or side not in {one.value for one in Side}:
        return None
    return int(number), Side(side)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A reason not to rely on a result.

    Attributes:
        topic: ``doubt.topic.recording``, ``doubt.topic.synthetic``, ...
        text: what it is, with the number.
        serious: more than to be borne in mind.
        task: the system whose answer it is about; "" for what was measured, which every answer rests on.
    """

    topic: Message
    text: Message
    serious: bool = False
    task: str = ""
