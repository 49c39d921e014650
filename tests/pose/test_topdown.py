"""Networks of one's own: from the rectangle that they see to keypoints in the picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from gaitviewer.core.remarks import RemarkKind
from gaitviewer.core.skeleton import BODY_FEET_23, Keypoint
from gaitviewer.errors import SettingsError
from gaitviewer.pose.added import add_pose_model
from gaitviewer.pose.estimator import BodyCircle, make_estimator
from gaitviewer.pose.models import Network, Transformer
from gaitviewer.pose.onnx_network import OnnxRuntimeNetwork, OpenCvNetwork
from gaitviewer.pose.topdown import ORDERS, Rectangle, decode_heatmaps, decode_simcc
from gaitviewer.pose.vitpose import VitPoseNetwork, describe
from tests.support.checkpoints import write_checkpoint
from tests.support.onnx_files import fixed_points_file
from tests.support.rtmpose_like import rtmpose_like

BODY = BodyCircle(300.0, 200.0, 90.0)


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    """An estimator takes one thread for its process; the other tests of this one get theirs back."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_simcc_peaks_become_pixels_and_the_lower_height_is_the_score():
    x, y = np.zeros((3, 96), np.float32), np.zeros((3, 128), np.float32)
    x[0, 41], y[0, 100] = 0.8, 0.6
    x[1, 0], y[1, 127] = 1.4, 1.2  # heights are no probabilities: some pass 1
    x[2], y[2] = np.nan, -1.0
    xy, score = decode_simcc(x, y, 2)
    np.testing.assert_array_equal(xy[:2], [[20.5, 50.0], [0.0, 63.5]])
    np.testing.assert_allclose(score, [0.6, 1.0, 0.0])


def test_heat_map_peaks_between_the_cells_are_found():
    true = np.array([[11.3, 20.8], [30.0, 40.5], [24.49, 5.51], [0.0, 63.0]])  # cells; the last in a corner
    rows, columns = np.mgrid[:64, :48]
    maps = np.stack([np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 8) for x, y in true]).astype(np.float32)
    maps[1] *= 0.5
    xy, score = decode_heatmaps(maps, 192, 256)
    scale = np.array([191 / 47, 255 / 63])  # UDP: the middles of the outermost cells and pixels coincide
    assert np.abs(xy[:3] / scale - true[:3]).max() < 0.02
    assert np.abs(xy[3] / scale - true[3]).max() < 0.5
    np.testing.assert_allclose(score, [0.99, 0.5, 0.97, 1.0], atol=0.03)


def test_a_flat_heat_map_is_no_point():
    xy, score = decode_heatmaps(np.zeros((1, 64, 48), np.float32), 192, 256)
    assert np.isfinite(xy).all()
    assert score[0] == 0


def test_a_point_goes_into_the_rectangle_and_back():
    part = Rectangle.around(BODY, 192, 256)
    picture = np.zeros((400, 600, 3), np.uint8)
    picture[260, 330] = 255
    seen = part.cut(picture).astype(np.float64).sum(axis=2)
    assert seen.shape == (256, 192)
    rows, columns = np.mgrid[:256, :192]
    place = np.array([[(seen * columns).sum(), (seen * rows).sum()]], np.float32) / seen.sum()
    np.testing.assert_allclose(part.to_picture(place), [[330, 260]], atol=0.3)
    corners = part.to_picture(np.array([[0, 0], [191, 255]], np.float32))
    np.testing.assert_allclose(corners.mean(axis=0), [300, 200], atol=1e-3)
    assert corners[1, 1] - corners[0, 1] == pytest.approx(2.5 * 90)


def test_the_published_orders_agree_on_what_our_points_are():
    assert ORDERS[17] == BODY_FEET_23.keypoints[:17]
    assert ORDERS[133][:23] == BODY_FEET_23.keypoints
    assert [ORDERS[26].index(name) for name in ("left_big_toe", "right_big_toe", "left_heel")] == [20, 21, 24]
    assert all(len(set(order)) == count for count, order in ORDERS.items())


@pytest.mark.parametrize("count", [17, 26, 133])
def test_each_point_arrives_under_its_name(count: int, tmp_path: Path):
    places = np.stack([8 + 0.25 * np.arange(count), 80 - 0.5 * np.arange(count)], axis=1).astype(np.float32)
    file = fixed_points_file(tmp_path / "own.onnx", places, width=48, height=96, bins=4)
    model = add_pose_model(file)
    estimator = make_estimator("own")
    assert model.card.network is not None
    estimator.start()
    try:
        picture = np.random.default_rng(1).integers(0, 255, (400, 600, 3), np.uint8)
        found, again = (estimator.estimate(picture, BODY) for _ in range(2))
        assert estimator.find_people(np.full((240, 320, 3), 90, np.uint8)) == []
    finally:
        estimator.close()
    assert found is not None
    assert again is not None
    np.testing.assert_array_equal(found.xy, again.xy)
    wanted = Rectangle.around(BODY, 48, 96).to_picture(places)
    for point, name in enumerate(BODY_FEET_23.keypoints):
        if name in ORDERS[count]:
            np.testing.assert_allclose(found.xy[point], wanted[ORDERS[count].index(name)], atol=1e-3)
            assert found.score[point] == pytest.approx(0.9)
        else:
            assert np.isnan(found.xy[point]).all()
            assert found.score[point] == 0
    feet = () if count != 17 else (RemarkKind.NO_FEET,)
    assert estimator.limits == (RemarkKind.ERROR_UNKNOWN, *feet)
    assert not estimator.looks_back


@pytest.mark.parametrize("kind", [OpenCvNetwork, OnnxRuntimeNetwork])
def test_every_operation_of_a_deployed_rtmpose_is_run(
    kind: type[OpenCvNetwork | OnnxRuntimeNetwork], tmp_path: Path
):
    if kind is OnnxRuntimeNetwork:
        pytest.importorskip("onnxruntime", reason="the extra gaitviewer[onnx] is not installed")
    picture = np.random.default_rng(2).standard_normal((3, 128, 96)).astype(np.float32)
    wanted = rtmpose_like(tmp_path / "rtmpose.onnx", picture, points=26)
    card = Network(ORDERS[26], 96, 128, (0, 0, 0), (1, 1, 1), "opencv", bins=2)
    found = kind(tmp_path / "rtmpose.onnx", card).raw(picture)
    for ours, theirs in zip(found, wanted, strict=True):
        assert np.ptp(theirs) > 0.1
        np.testing.assert_allclose(ours[0], theirs, atol=1e-4)


def test_nobody_is_there_where_no_point_is_sure(tmp_path: Path):
    places = np.full((17, 2), 20.0, np.float32)
    add_pose_model(fixed_points_file(tmp_path / "blind.onnx", places, width=48, height=64, bins=2, peak=0.1))
    estimator = make_estimator("blind")
    estimator.start()
    try:
        assert estimator.estimate(np.zeros((400, 600, 3), np.uint8), BODY) is None
    finally:
        estimator.close()


def test_the_body_follows_sure_hips_and_ankles(tmp_path: Path):
    places = np.full((17, 2), 24.0, np.float32)
    places[[Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP], 1] = 30
    places[[Keypoint.LEFT_ANKLE, Keypoint.RIGHT_ANKLE], 1] = 54
    add_pose_model(fixed_points_file(tmp_path / "own.onnx", places, width=48, height=64, bins=2))
    estimator = make_estimator("own")
    estimator.start()
    try:
        found = estimator.estimate(np.zeros((400, 600, 3), np.uint8), BODY)
    finally:
        estimator.close()
    assert found is not None
    pixel = 225 / 63
    assert (found.body.x, found.body.y) == pytest.approx((300 + 0.5 * pixel, 200 - 1.5 * pixel))
    assert found.body.radius == pytest.approx(1.1 * 24 * pixel)


@pytest.mark.parametrize("simple", [True, False])
@pytest.mark.parametrize(("experts", "points", "expert"), [(1, 17, 0), (6, 17, 0), (6, 133, 5)])
def test_vitpose_answers_as_the_published_implementation(
    simple: bool, experts: int, points: int, expert: int, tmp_path: Path
):
    from transformers import VitPoseBackboneConfig, VitPoseConfig, VitPoseForPoseEstimation

    torch.manual_seed(3)
    backbone = VitPoseBackboneConfig(
        image_size=[64, 48], hidden_size=32, num_hidden_layers=3, num_attention_heads=2, mlp_ratio=2,
        num_experts=experts, part_features=8, out_indices=[3],
    )  # fmt: skip
    config = VitPoseConfig(backbone_config=backbone, use_simple_decoder=simple, num_labels=points)
    theirs = VitPoseForPoseEstimation(config).eval()
    for weights in theirs.parameters():
        torch.nn.init.normal_(weights, std=0.3)
    config.save_pretrained(tmp_path)
    save_file(theirs.state_dict(), tmp_path / "model.safetensors")
    ours = VitPoseNetwork(tmp_path / "model.safetensors", describe(tmp_path))
    picture = torch.randn(3, 64, 48)
    with torch.no_grad():
        wanted = theirs(picture[None], dataset_index=torch.tensor([expert])).heatmaps.numpy()
    (maps,) = ours.raw(picture.numpy())
    assert np.abs(wanted).max() > 1
    np.testing.assert_allclose(maps, wanted, atol=1e-4)


def test_weights_that_do_not_fit_their_card_are_refused(tmp_path: Path):
    folder = write_checkpoint(tmp_path / "own", points=17)
    sizes = Transformer(16, 3, 2, 2, 16, 1e-6, True, 1, 0, 0, True, 4)  # a block more than the file has
    network = Network(ORDERS[17], 48, 64, (0, 0, 0), (1, 1, 1), "torch", transformer=sizes)
    with pytest.raises(SettingsError, match=r"do not fit the network.*encoder\.layer\.2"):
        VitPoseNetwork(folder / "model.safetensors", network)
