"""Strips and clips lie where and when they should; answers, reasons and maps of an untrained network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from gaitviewer.core.document import Document
from gaitviewer.core.gait import ByView, Side, View
from gaitviewer.core.learning import MaskedPicture
from gaitviewer.core.measures import Measures
from gaitviewer.core.serialise import to_plain
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.errors import SettingsError
from gaitviewer.inference.evgs.predict import CLASSES, clip_crop, predict, questions
from gaitviewer.inference.evgs.strips import Strip, choose_strides, clip_table, cut_out, read_strips
from gaitviewer.inference.pictures import capsule_mask, open_pictures
from gaitviewer.messages import NOTHING, message
from gaitviewer.nets.card import Card, LoadedModel
from gaitviewer.nets.evgs.inputs import ClipPixels, EvgsSettings
from gaitviewer.nets.evgs.network import EvgsNet
from gaitviewer.workflow.analysis.measure import measure_document
from tests.support.said import is_within

WIDTH, HEIGHT, SIZE = 960, 480, 56
SETTINGS = EvgsSettings(
    width=24, depth=2, heads=2, patch_px=8, size_px=SIZE, hidden=16, keep=0.25, floor=4, dropout=0.0
)


@dataclass(frozen=True)
class Numbered:
    """Pictures that say which frame they are (red and green) and where (blue grows to the right)."""

    log: list[int]

    def read(self, frames: Sequence[int]) -> Iterator[MaskedPicture]:
        for frame in frames:
            self.log.append(frame)
            rgb = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
            rgb[..., 0], rgb[..., 1] = frame % 200, 10 * (frame // 200)
            rgb[..., 2] = np.linspace(0, 255, WIDTH)
            mask = np.zeros((HEIGHT, WIDTH), np.bool_)
            mask[100:, 200:700] = True
            yield MaskedPicture(rgb, mask)


@pytest.fixture(scope="module")
def measures(walker_document: Document) -> Measures:
    return measure_document(walker_document)


@pytest.fixture(scope="module")
def strips(measures: Measures) -> tuple[Strip, ...]:
    pictures = {("t1", view): Numbered([]) for view in View}
    return tuple(read_strips(measures, pictures, size_px=SIZE))


def _stride(measures: Measures, strip: Strip):  # type: ignore[no-untyped-def]
    return next(stride for stride in measures.strides if stride.key == strip.stride)


def test_one_strip_for_each_limb_and_view_and_of_the_near_limb(
    measures: Measures, strips: tuple[Strip, ...]
) -> None:
    assert {(s.view, s.side) for s in strips} == {(v, s) for v in View for s in Side}
    assert not any(strip.far for strip in strips)
    only_right = replace(
        measures.motions[0],
        views=ByView(
            replace(
                measures.motions[0].views.sagittal,
                strides=tuple(
                    s for s in measures.motions[0].views.sagittal.strides if s.far or s.side is Side.RIGHT
                ),
            ),
            None,
        ),
    )
    chosen = [stride for _, stride in choose_strides(replace(measures, motions=(only_right,)), most=1)]
    assert {(stride.side, stride.far) for stride in chosen} == {(Side.LEFT, True), (Side.RIGHT, False)}


def test_clips_lie_on_their_phase_in_true_time(measures: Measures, strips: tuple[Strip, ...]) -> None:
    for strip in strips:
        stride = _stride(measures, strip)
        assert np.allclose(np.diff(strip.times), 1 / 30)
        pose = measures.motions[0].views[strip.view].pose
        for kind, table in enumerate(clip_table().kinds):
            if table.view is not strip.view:
                assert strip.serves(kind, 16).code == "reason.clip.another_view"
                continue
            middle = strip.times[strip.centres[kind]]
            wanted = stride.start_s + table.percent / 100 * stride.duration_s
            assert abs(middle - wanted) <= 1 / 60 + 1e-9
            for frames in (8, 16, 32):
                rows = np.arange(len(strip.times))[strip.rows(kind, frames)]
                assert len(rows) == frames
        number = strip.frames[..., 0].astype(int) + 20 * strip.frames[..., 1].astype(int)
        inside = (strip.frames[..., 2] > 0).all(axis=(1, 2))  # wholly inside the picture
        told = np.median(number.reshape(len(number), -1), axis=1)[inside]
        nearest = np.abs(pose.times[None] - strip.times[:, None]).argmin(axis=1)[inside]
        assert np.abs(told - nearest).max() <= 1


def test_the_crop_keeps_its_size_and_follows_the_subject(measures: Measures, strips: tuple[Strip, ...]) -> None:
    for strip in strips:
        sides = strip.boxes[:, 2] - strip.boxes[:, 0]
        assert np.ptp(sides) < 1e-3 * sides[0]
        assert np.allclose(strip.boxes[:, 3] - strip.boxes[:, 1], sides, rtol=1e-4)
        points = strip.keypoints[strip.rows(1 if strip.view is View.SAGITTAL else 4, 16)]
        assert np.nanmin(points) > 0
        assert np.nanmax(points) < SIZE - 1
        hips = np.nanmean(points[:, [Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP], 0], axis=1)
        assert np.abs(hips - SIZE / 2).max() < 0.06 * SIZE


def test_keypoints_pictures_and_boxes_agree(measures: Measures, strips: tuple[Strip, ...]) -> None:
    for strip in strips:
        pose = measures.motions[0].views[strip.view].pose
        row = int(strip.centres[0 if strip.view is View.SAGITTAL else 4])
        frame = int(np.abs(pose.times - strip.times[row]).argmin())
        scale = (strip.boxes[row, 2] - strip.boxes[row, 0]) / SIZE
        for keypoint in (Keypoint.LEFT_KNEE, Keypoint.RIGHT_SHOULDER):
            x, y = strip.keypoints[row, keypoint]
            at = SIZE - 1 - x if strip.flipped else x
            back = strip.boxes[row, :2] + (np.array([at, y]) + 0.5) * scale - 0.5
            assert np.allclose(back, pose.xy[frame, keypoint], atol=0.1)
            blue = strip.frames[row, int(np.clip(y, 0, SIZE - 1)), round(float(x)), 2]
            assert abs(float(blue) - 255 * back[0] / (WIDTH - 1)) < 4
            inside = 200 < back[0] < 700 and back[1] > 100
            if min(abs(back[0] - 200), abs(back[0] - 700), abs(back[1] - 100)) > 10:
                assert strip.mask[row, round(float(y)), round(float(x))] == inside


def test_everybody_walks_to_the_right_and_a_left_clip_mirrors_a_right_one(strips: tuple[Strip, ...]) -> None:
    own = replace(SETTINGS, shared_limbs=False)
    for strip in strips:
        kind = 0 if strip.view is View.SAGITTAL else 4
        shared, separate = clip_crop(strip, kind, SETTINGS), clip_crop(strip, kind, own)
        if strip.view is View.SAGITTAL:
            toe = shared.keypoints[8, Keypoint.RIGHT_BIG_TOE, 0]
            assert toe > shared.keypoints[8, Keypoint.RIGHT_HEEL, 0]
            assert shared.keypoints[8, Keypoint.RIGHT_ANKLE, 0] > shared.keypoints[8, Keypoint.LEFT_ANKLE, 0]
            assert np.array_equal(separate.frames, shared.frames)
        elif strip.side is Side.LEFT:
            assert np.array_equal(separate.frames, shared.frames[:, :, ::-1])
        if strip.side is Side.LEFT:
            flips = shared.keypoints[:, Keypoint.RIGHT_KNEE, 1], separate.keypoints[:, Keypoint.LEFT_KNEE, 1]
            assert np.array_equal(*flips)
        else:
            assert np.array_equal(separate.keypoints, shared.keypoints)


def test_limbs_that_are_not_seen_and_recordings_that_end_serve_no_clip(strips: tuple[Strip, ...]) -> None:
    strip = next(s for s in strips if s.view is View.SAGITTAL)
    assert strip.serves(0, 16) == NOTHING
    points = strip.keypoints.copy()
    points[:, Keypoint[f"{strip.side.name}_KNEE"] : Keypoint.RIGHT_HEEL + 1] = np.nan
    assert replace(strip, keypoints=points).serves(0, 16).code == "reason.clip.leg_seldom_seen"
    held = np.zeros(len(strip.times), np.bool_)
    held[:14] = True  # rows 8 to 23 are the clip of 16 frames at contact
    assert replace(strip, held=held).serves(0, 16).code == "reason.clip.recording_ends"
    assert replace(strip, held=held).serves(3, 16) == NOTHING


def test_every_item_is_served_by_a_clip_of_its_own_view() -> None:
    from gaitviewer.analysis.evgs.sheet import load_items

    for item in load_items():
        kinds = [kind for kind in clip_table().kinds if item.number in kind.items]
        assert kinds
        assert all(kind.view is item.view for kind in kinds)


def test_a_part_beyond_the_picture_is_grey() -> None:
    picture = next(Numbered([]).read([7]))
    cut = cut_out(picture, (-100.0, -50.0, 100.0, 150.0), 40)
    assert (cut.rgb[:9] == clip_table().crop.border).all()
    assert (cut.rgb[12:, 21:, 0] == 7).all()
    far = cut_out(picture, (2000.0, 0.0, 2100.0, 100.0), 20)
    assert (far.rgb == clip_table().crop.border).all()
    assert not far.mask.any()


def test_a_mirrored_clip_mirrored_is_itself_and_sizes_fit(strips: tuple[Strip, ...]) -> None:
    crop = clip_crop(strips[0], 0, SETTINGS)
    again = crop.mirrored().mirrored()
    assert np.array_equal(again.frames, crop.frames)
    assert np.allclose(again.keypoints, crop.keypoints, equal_nan=True)
    large = crop.resized(2 * SIZE)
    assert large.frames.shape == (16, 2 * SIZE, 2 * SIZE, 3)
    assert np.allclose(large.keypoints + 0.5, 2 * (crop.keypoints + 0.5), equal_nan=True)


def _model(settings: EvgsSettings = SETTINGS) -> LoadedModel:
    torch.manual_seed(4)
    net = EvgsNet(settings, kinds=len(clip_table().kinds))
    torch.nn.init.normal_(net.items.weight, std=0.5)
    card = Card(
        id="evgs-test", task="evgs", title="", synthetic=False, sha256="", bytes=0, parameters=0,
        outputs=questions(), classes=CLASSES, licence="", intended_use="",
    )  # fmt: skip
    table = {**to_plain(settings), "score_mean": 8.0, "score_sd": 2.0}
    return LoadedModel(card, table, net.state_dict(), {}, "0" * 64, Path())


def test_predict_answers_all_34_questions(walker_document: Document, measures: Measures) -> None:
    pictures = {("t1", view): Numbered([]) for view in View}
    model = _model()
    output = predict(
        walker_document, measures, model=model, pictures=pictures, explain=[(3, Side.LEFT), (14, Side.RIGHT)]
    )
    assert [opinion.name for opinion in output.opinions] == list(questions())
    assert output.opinions[2].name == "3 SAD left"
    for opinion in output.opinions:
        assert opinion.probabilities is not None
        assert sum(opinion.probabilities) == pytest.approx(1.0)
        assert opinion.label == CLASSES[int(opinion.probabilities[1] >= 0.5)]
    assert len({opinion.probabilities for opinion in output.opinions}) > 20
    assert len(output.texts) == 2
    again = predict(walker_document, measures, model=model, pictures=pictures, explain=())
    assert [o.probabilities for o in again.opinions] == [o.probabilities for o in output.opinions]
    assert again.attention == ()


@pytest.mark.parametrize(
    ("scale", "told"),
    [
        pytest.param({"score_mean": 8.0, "score_sd": 2.0}, True, id="learned"),
        pytest.param({}, False, id="never saw such a label"),
        pytest.param({"score_mean": -90.0, "score_sd": 2.0}, False, id="says what cannot be"),
    ],
)
def test_the_variable_score_is_only_told_by_a_head_that_learned_it(
    walker_document: Document, measures: Measures, scale: dict[str, float], told: bool
) -> None:
    model = replace(_model(), settings={**to_plain(SETTINGS), **scale})
    pictures = {("t1", view): Numbered([]) for view in View}
    texts = predict(walker_document, measures, model=model, pictures=pictures, explain=()).texts
    assert len(texts) == (2 if told else 0)
    assert all(float(text.split(": ")[1].split()[0]) >= 0 for text in texts)


def test_maps_are_raw_and_lie_where_the_subject_walks(walker_document: Document, measures: Measures) -> None:
    pictures = {("t1", view): Numbered([]) for view in View}
    output = predict(walker_document, measures, model=_model(), pictures=pictures, explain=[(14, Side.LEFT)])
    assert {m.kind for m in output.attention} == {"attention", "occlusion"}
    attention = [m for m in output.attention if m.kind == "attention"]
    assert len(attention) == 8
    assert all(m.view is View.CORONAL and m.target == "14 POB left" for m in attention)
    total = sum(float(np.nansum(m.values)) for m in attention)
    assert total == pytest.approx(1.0, abs=1e-4)
    kept = sum(int(np.isfinite(m.values).sum()) for m in attention)
    assert kept == round(0.25 * SETTINGS.shape.tokens)
    times = [float(m.times_s[0]) for m in attention]
    assert np.allclose(np.diff(times), 2 / 30)
    assert all(0 < m.box_px[2] - m.box_px[0] < WIDTH for m in attention)


def test_maps_of_a_mirrored_clip_are_turned_back(walker_document: Document, measures: Measures) -> None:
    """Patches with the body must lie over the body in the recorded picture, mirrored or not."""
    pictures: Mapping[tuple[str, View], Body] = {
        ("t1", view): Body(measures.motions[0].views[view].pose.xy) for view in View
    }
    model = _model(replace(SETTINGS, prompt=False))
    asked = [(1, Side.LEFT), (1, Side.RIGHT)]
    output = predict(walker_document, measures, model=model, pictures=pictures, explain=asked)
    for found in (m for m in output.attention if m.kind == "attention"):
        pose = measures.motions[0].views[found.view].pose
        frame = int(np.abs(pose.times - found.times_s[0]).argmin())
        left, top, right, _ = found.box_px
        rows, columns = np.nonzero(np.isfinite(found.values[0]))
        cell = (right - left) / found.values.shape[2]
        middle = left + (columns.mean() + 0.5) * cell, top + (rows.mean() + 0.5) * cell
        body = np.nanmean(pose.xy[frame], axis=0)
        assert np.abs(np.array(middle) - body).max() < 1.3 * cell


@dataclass(frozen=True)
class Body:
    """A silhouette at the keypoints."""

    xy: np.ndarray[tuple[int, ...], np.dtype[np.float32]]

    def read(self, frames: Sequence[int]) -> Iterator[MaskedPicture]:
        from gaitviewer.core.skeleton import BODY_FEET_23

        for frame in frames:
            points = self.xy[frame].astype(np.float64)
            mask = capsule_mask(points, (WIDTH, HEIGHT), BODY_FEET_23.edges)
            yield MaskedPicture(np.repeat(mask[..., None], 3, axis=2).astype(np.uint8) * 200, mask)


def test_what_cannot_be_seen_gets_no_opinion(walker_document: Document, measures: Measures) -> None:
    model = _model()
    side_only = {("t1", View.SAGITTAL): Numbered([])}
    output = predict(walker_document, measures, model=model, pictures=side_only, explain=())
    silent = [o for o in output.opinions if o.probabilities is None]
    assert sorted({int(o.name.split()[0]) for o in silent}) == [4, 5, 8, 14, 15, 17]
    assert all(is_within("plane.coronal", o.reason) for o in silent)
    nothing = predict(walker_document, measures, model=model, pictures={}, explain=None)
    assert all(o.probabilities is None and o.reason for o in nothing.opinions)
    motion = replace(measures.motions[0], views=ByView(None, measures.motions[0].views.coronal))
    no_side = replace(measures, motions=(motion,))
    output = predict(walker_document, no_side, model=model, pictures=side_only, explain=())
    assert output.opinions[0].reason == message("reason.no_view", view=message("plane.sagittal"))


def test_weights_of_another_network_are_refused(walker_document: Document, measures: Measures) -> None:
    model = _model()
    wrong = LoadedModel(
        model.card, {**model.settings, "width": 48}, model.state, {}, model.digest, model.folder
    )
    with pytest.raises(SettingsError, match="do not fit"):
        predict(walker_document, measures, model=wrong, pictures={})


def test_pictures_of_a_real_video_have_its_frames_and_an_outline(walker_document: Document) -> None:
    pictures = open_pictures(walker_document)
    assert set(pictures) == {("t1", view) for view in View}
    found = list(pictures["t1", View.SAGITTAL].read([3, 20, 21]))
    numbers = [sum(int(p.rgb[80, 80 * bit + 40].mean() > 170) << bit for bit in range(10)) for p in found]
    assert numbers == [3, 20, 21]
    pose = walker_document.trials[0].poses.sagittal
    mask = found[1].mask
    assert mask is not None
    for x, y in pose.xy[20][np.isfinite(pose.xy[20]).all(axis=1)]:
        if 2 < x < WIDTH - 3 and 2 < y < HEIGHT - 3:
            assert mask[round(float(y)), round(float(x))]
    assert 0.005 < mask.mean() < 0.2


def test_an_outline_without_points_is_empty() -> None:
    assert not capsule_mask(np.full((23, 2), np.nan), (40, 30), ((0, 1),)).any()


def test_clips_keep_their_pixels_when_the_size_fits() -> None:
    crop = ClipPixels(
        np.zeros((4, 8, 8, 3), np.uint8), np.zeros((4, 8, 8), np.bool_), np.zeros((4, 23, 2), np.float32)
    )
    assert crop.resized(8) is crop
