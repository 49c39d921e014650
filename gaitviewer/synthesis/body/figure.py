"""The walker's body: solids around the 23 points; a child in shirt and shorts, barefoot or in shoes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gaitviewer.core.arrays import F8
from gaitviewer.core.gait import Side
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.synthesis.curves import smoothstep
from gaitviewer.synthesis.filming.raster import Capsule, Colour, Ellipsoid, Pattern, Pixels, Solid
from gaitviewer.synthesis.gait.model import WalkerGait
from gaitviewer.synthesis.gait.truth import side_points


@dataclass(frozen=True, slots=True)
class Look:
    """Colours (0..255) and build.

    Attributes:
        skin, hair, shirt, trim, shorts, shoes: colours; ``trim`` is the band on the shirt.
        barefoot: whether the feet are bare.
        shorts_length: how far down the thigh they reach, as a fraction.
        girth: thickness of body and limbs against the ordinary one.
        far_shade: how much darker the limbs on the far side are.
        trousers: girth of long trouser legs against ordinary ones, 0 for shorts; of the shorts' colour.
    """

    skin: Colour = (226.0, 178.0, 150.0)
    hair: Colour = (92.0, 62.0, 42.0)
    shirt: Colour = (214.0, 92.0, 72.0)
    trim: Colour = (244.0, 236.0, 222.0)
    shorts: Colour = (52.0, 68.0, 104.0)
    shoes: Colour = (236.0, 236.0, 232.0)
    barefoot: bool = True
    shorts_length: float = 0.70
    girth: float = 1.0
    far_shade: float = 0.66
    trousers: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class _Body:
    points: F8
    height: float
    gait: WalkerGait
    look: Look
    eye: F8

    def at(self, keypoint: Keypoint) -> F8:
        return np.asarray(self.points[keypoint])

    def size(self, fraction: float) -> float:
        return fraction * self.height * self.look.girth


def _unit(vector: F8) -> F8:
    return np.asarray(vector / np.linalg.norm(vector))


def _axes(left: F8, up: F8) -> F8:
    """Rows: forward, left, up; ``up`` is kept, ``left`` made square to it."""
    up = _unit(up)
    left = _unit(left - (left @ up) * up)
    return np.stack([np.cross(left, up), left, up])


def build(points: F8, *, gait: WalkerGait, look: Look, eye: F8) -> list[Solid]:
    """Solids of the body at one moment.

    Args:
        points: [23, 3] metres.
        gait: whose body it is.
        look: colours.
        eye: [3] where the camera is (limbs on the far side are a little darker).
    """
    body = _Body(points, gait.height_m, gait, look, eye)
    hips = (body.at(Keypoint.LEFT_HIP) + body.at(Keypoint.RIGHT_HIP)) / 2
    neck = (body.at(Keypoint.LEFT_SHOULDER) + body.at(Keypoint.RIGHT_SHOULDER)) / 2
    solids = _trunk(body, hips, neck) + _head(body, neck)
    for side in Side:
        at = side_points(side)
        other = side_points(side.other)
        behind = np.linalg.norm(body.at(at["hip"]) - eye) - np.linalg.norm(body.at(other["hip"]) - eye)
        width = gait.proportions.hip_width * gait.height_m
        shade = 1 - (1 - look.far_shade) * float(smoothstep(behind / (0.8 * width)))
        solids += _arm(body, side, shade) + _leg(body, side, shade) + _foot(body, side, shade)
    return solids


def _band(low: float, high: float) -> Pattern:
    """A coloured band between two heights of an ellipsoid."""

    def share(u: Pixels, v: Pixels, w: Pixels) -> Pixels:
        inside = np.minimum(w - np.float32(low), np.float32(high) - w) / np.float32(0.03)
        return np.clip(inside, 0, 1)

    return share


def _hair(u: Pixels, v: Pixels, w: Pixels) -> Pixels:
    """Hair on top and behind; the face is free."""
    edge = np.maximum((w - 0.48 - 0.12 * v * v) / 0.05, np.minimum((0.02 - u) / 0.06, (w + 0.50) / 0.05))
    return np.clip(edge, 0, 1)


def _trunk(body: _Body, hips: F8, neck: F8) -> list[Solid]:
    look, h, g = body.look, body.height, body.look.girth
    pelvis = _axes(body.at(Keypoint.LEFT_HIP) - body.at(Keypoint.RIGHT_HIP), neck - hips)
    chest = _axes(body.at(Keypoint.LEFT_SHOULDER) - body.at(Keypoint.RIGHT_SHOULDER), neck - hips)
    spine = neck - hips
    solids: list[Solid] = []
    # Share of the way up the spine, half depth, half width, half height (fractions of body height).
    rows = (
        (0.00, 0.068, 0.090, 0.062, True), (0.10, 0.066, 0.086, 0.060, True),
        (0.22, 0.063, 0.082, 0.075, False), (0.36, 0.062, 0.081, 0.075, False),
        (0.50, 0.064, 0.084, 0.075, False), (0.63, 0.066, 0.089, 0.075, False),
        (0.76, 0.065, 0.093, 0.072, False), (0.87, 0.058, 0.092, 0.056, False),
    )  # fmt: skip
    for share, deep, wide, tall, shorts in rows:
        axes = (1 - share) * pelvis + share * chest
        shape = axes * (h * np.array([deep * g, wide * g, tall]))[:, None]
        colour = look.shorts if shorts else look.shirt
        middle = hips + share * spine
        if share == 0.63:
            band = _band(-0.22, 0.22)
            solids.append(
                Ellipsoid(middle, shape, colour, look.trim, band, grain=axes[2] / np.linalg.norm(axes[2]))
            )
        else:
            solids.append(Ellipsoid(middle, shape, colour, grain=axes[2] / np.linalg.norm(axes[2])))
    yoke = body.size(0.036)
    for end in (Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER):
        inner = neck + 0.030 * h * chest[2]
        solids.append(Capsule(inner, body.at(end), body.size(0.030), yoke, look.shirt))
    return solids


def _head(body: _Body, neck: F8) -> list[Solid]:
    look, h = body.look, body.height
    ears = (body.at(Keypoint.LEFT_EAR) + body.at(Keypoint.RIGHT_EAR)) / 2
    left = _unit(body.at(Keypoint.LEFT_EAR) - body.at(Keypoint.RIGHT_EAR))
    ahead = body.at(Keypoint.NOSE) - ears
    up = _unit(np.cross(ahead, left))
    face = np.stack([np.cross(left, up), left, up])

    def spot(middle: F8, size: tuple[float, float, float], colour: Colour) -> Ellipsoid:
        return Ellipsoid(middle, face * (h * np.array(size))[:, None], colour)

    lips = (196.0, 110.0, 100.0)
    skull = ears + h * (0.004 * face[0] + 0.010 * face[2])
    solids: list[Solid] = [
        Capsule(neck - 0.006 * h * face[2], ears - 0.045 * h * face[2], 0.034 * h, 0.033 * h, look.skin),
        Ellipsoid(skull, face * (h * np.array([0.070, 0.056, 0.074]))[:, None], look.skin, look.hair, _hair),
        spot(skull + h * (0.016 * face[0] - 0.040 * face[2]), (0.049, 0.044, 0.040), look.skin),
        spot(skull + h * (-0.016 * face[0] + 0.016 * face[2]), (0.063, 0.060, 0.064), look.hair),
        spot(body.at(Keypoint.NOSE) - 0.008 * h * face[0], (0.013, 0.009, 0.012), look.skin),
        spot(skull + h * (0.058 * face[0] - 0.046 * face[2]), (0.008, 0.017, 0.005), lips),
    ]
    for sign, eye, ear in (
        (1.0, Keypoint.LEFT_EYE, Keypoint.LEFT_EAR), (-1.0, Keypoint.RIGHT_EYE, Keypoint.RIGHT_EAR)
    ):  # fmt: skip
        place = body.at(eye)
        solids.append(spot(body.at(ear), (0.014, 0.006, 0.019), look.skin))
        solids.append(spot(place + 0.001 * h * face[0], (0.0055, 0.012, 0.0080), (246.0, 244.0, 240.0)))
        solids.append(spot(place + 0.0035 * h * face[0], (0.0042, 0.006, 0.0062), (50.0, 36.0, 30.0)))
        brow = place + h * (-0.001 * face[0] + 0.018 * face[2] + 0.002 * sign * left)
        solids.append(spot(brow, (0.006, 0.014, 0.0030), look.hair))
    return solids


def _arm(body: _Body, side: Side, shade: float) -> list[Solid]:
    look, h = body.look, body.height
    at = side_points(side)
    shoulder, elbow, wrist = (body.at(at[name]) for name in ("shoulder", "elbow", "wrist"))
    sleeve = shoulder + 0.55 * (elbow - shoulder)
    along = _unit(wrist - elbow)
    inward = body.at(side_points(side.other)["shoulder"]) - shoulder
    hand = _axes(inward, -along)
    palm = wrist + 0.030 * h * along
    return [
        Capsule(shoulder, sleeve, body.size(0.037), body.size(0.033), look.shirt, shade),
        Capsule(sleeve, elbow, body.size(0.025), body.size(0.021), look.skin, shade),
        Capsule(elbow, wrist, body.size(0.022), body.size(0.0155), look.skin, shade),
        Ellipsoid(
            palm, hand * (h * np.array([0.022, 0.011, 0.034]))[:, None], look.skin, shade=shade
        ),
        Capsule(palm, palm + 0.040 * h * along, 0.013 * h, 0.008 * h, look.skin, shade),
        Capsule(
            palm + 0.012 * h * hand[0], palm + h * (0.030 * hand[0] + 0.018 * along), 0.008 * h, 0.006 * h,
            look.skin, shade,
        ),
    ]  # fmt: skip


def _leg(body: _Body, side: Side, shade: float) -> list[Solid]:
    look, h = body.look, body.height
    at = side_points(side)
    hip, knee, ankle = (body.at(at[name]) for name in ("hip", "knee", "ankle"))
    outward = hip - body.at(side_points(side.other)["hip"])
    sign = 1.0 if side is Side.LEFT else -1.0
    hem = hip + look.shorts_length * (knee - hip)
    shank = _axes(sign * outward, knee - ankle)
    calf = knee + 0.30 * (ankle - knee) - 0.012 * h * shank[0]
    if look.trousers > 0:
        wide, turn_up = look.trousers, ankle + 0.08 * (knee - ankle)
        return [
            Capsule(hip, knee, body.size(0.054), body.size(0.043 * wide), look.shorts, shade),
            Capsule(knee, turn_up, body.size(0.043 * wide), body.size(0.036 * wide), look.shorts, shade),
            Capsule(turn_up, ankle, body.size(0.0225), body.size(0.0215), look.skin, shade),
        ]
    return [
        Capsule(hip, hem, body.size(0.054), body.size(0.047), look.shorts, shade),
        Capsule(hip, knee, body.size(0.050), body.size(0.034), look.skin, shade),
        Capsule(knee, ankle, body.size(0.033), body.size(0.0215), look.skin, shade),
        Ellipsoid(
            calf, shank * (h * look.girth * np.array([0.033, 0.034, 0.078]))[:, None], look.skin, shade=shade
        ),
    ]


def _ball(body: _Body, heel: F8, toe: F8, ankle: F8, outward: F8) -> F8:
    """Where the toes begin: the corner of the triangle that heel, ball and bent toes make, on the sole."""
    p, h = body.gait.proportions, body.height
    back, front = p.ball * p.foot * h, (1 - p.ball) * p.foot * h
    straight = float(np.linalg.norm(toe - heel))
    ahead = (toe - heel) / straight
    up = ankle - heel
    up = _unit(up - (up @ ahead) * ahead - (up @ outward) * outward)
    along = min(back, (back**2 + straight**2 - front**2) / (2 * straight))
    return np.asarray(heel + along * ahead - np.sqrt(max(0.0, back**2 - along**2)) * up)


def _foot(body: _Body, side: Side, shade: float) -> list[Solid]:
    """Heel, instep and toes; heel and toe points lie just inside the skin, the sole on the floor."""
    look, h = body.look, body.height
    at = side_points(side)
    ankle, heel, toe, small = (body.at(at[name]) for name in ("ankle", "heel", "big_toe", "small_toe"))
    ahead = _unit(toe - heel)
    outward = _unit((small - toe) - ((small - toe) @ ahead) * ahead)
    ball = _ball(body, heel, toe, ankle, outward)
    sole, toes = _unit(ball - heel), _unit(toe - ball)
    sign = 1.0 if side is Side.LEFT else -1.0
    rise, rise_toes = sign * np.cross(sole, outward), sign * np.cross(toes, outward)
    colour = look.skin if look.barefoot else look.shoes
    thick = 1.0 if look.barefoot else 1.12
    back = heel + h * (0.016 * sole + 0.011 * rise)
    knuckle = ball + h * (0.004 * outward + 0.004 * rise)
    front = ball + h * (0.018 * toes + 0.006 * outward)
    axes, axes_toes = np.stack([sole, outward, rise]), np.stack([toes, outward, rise_toes])
    round_toes = axes_toes * (h * np.array([0.021, 0.027, 0.0105]) * thick)[:, None]
    solids: list[Solid] = [
        Capsule(back, ankle, 0.021 * h * thick, 0.0215 * h * thick, colour, shade),
        Capsule(ankle - 0.004 * h * rise, knuckle, 0.0205 * h * thick, 0.0135 * h * thick, colour, shade),
        Capsule(back, knuckle, 0.0205 * h * thick, 0.0140 * h * thick, colour, shade),
        Ellipsoid(knuckle, axes * (h * np.array([0.026, 0.030, 0.0135]) * thick)[:, None], colour, shade=shade),
        Ellipsoid(front, round_toes, colour, shade=shade),
    ]
    if look.barefoot:
        solids.append(Capsule(ball, toe - 0.004 * h * toes, 0.012 * h, 0.0095 * h, colour, shade))
    return solids
