"""Asking the scoliosis model of a session: an answer with its explanation, or the reason for none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.learning import MaskedPicture
from gaitviewer.core.measures import Measures
from gaitviewer.core.session import Session, Subject, Trial, VideoStream
from gaitviewer.core.timing import VideoInfo
from gaitviewer.inference.scoliosis.clips import VideoSettings, cut_out, read_clips
from gaitviewer.inference.scoliosis.inputs import network_settings, scoliosis_tables
from gaitviewer.inference.scoliosis.predict import predict
from gaitviewer.nets.card import Card, LoadedModel
from gaitviewer.nets.scoliosis.fusion import MapFusionNet
from gaitviewer.synthesis.body.bodies import draw_child
from gaitviewer.synthesis.filming.film import film_trial
from gaitviewer.workflow.analysis.measure import measure_document
from tests.support.said import is_within
from tests.support.walkers import observe


@pytest.fixture(scope="module")
def walk() -> tuple[Document, Measures]:
    random = np.random.default_rng(8)
    scene = film_trial(draw_child(random).gait, random)
    poses, streams = [], []
    for view in View:
        filmed = scene.views[view]
        pose = observe(filmed.motion.points, filmed.camera, times=filmed.times, noise_px=0.7, seed=1)
        info = VideoInfo(pose.width, pose.height, 0, pose.times, pose.rate_hz, len(pose), "")
        poses.append(pose)
        streams.append(VideoStream(view, Path(f"{view.value}.mp4"), "0" * 64, info))
    trial = Trial("t1", ByView(streams[0], streams[1]))
    document = Document(Session("s1", Subject("P1")), (TrialData(trial, ByView(poses[0], poses[1])),))
    return document, measure_document(document)


class Numbered:
    """Pictures whose grey level is their frame number."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size

    def read(self, frames: Sequence[int]) -> Iterator[MaskedPicture]:
        assert list(frames) == sorted(set(frames))
        for frame in frames:
            yield MaskedPicture(np.full((*self.size, 3), frame % 250, np.uint8), None)


def model_of(modalities: tuple[str, ...] = ("map",), limit: float = 1e9) -> LoadedModel:
    torch.manual_seed(0)
    table = scoliosis_tables()["tiny"]["network"]
    net = MapFusionNet(network_settings(table, modalities=modalities))
    net.unfamiliar_limit.fill_(limit)
    settings: dict[str, Any] = {"network": dict(table) | {"modalities": list(modalities)}}
    card = Card.__new__(Card)
    object.__setattr__(card, "id", "scoliosis-test")
    object.__setattr__(card, "synthetic", True)
    return LoadedModel(card, settings, net.state_dict(), {}, "0" * 64, Path())


def test_an_answer_comes_with_map_importance_findings_and_text(walk: tuple[Document, Measures]) -> None:
    output = predict(*walk, model=model_of(), pictures={})
    (opinion,) = output.opinions
    assert opinion.name == "asymmetry"
    assert opinion.classes == ("no asymmetry", "asymmetry")
    assert opinion.probabilities is not None
    assert sum(opinion.probabilities) == pytest.approx(1.0)
    assert opinion.label == opinion.classes[int(np.argmax(opinion.probabilities))]
    values, importance = output.maps
    assert (values.kind, importance.kind) == ("values", "importance")
    assert importance.target == opinion.label
    assert (importance.values >= 0).all()
    assert importance.features == values.features
    assert output.findings
    assert {one.domain for one in output.findings} <= {"motion", "self-skeleton", "cross-correlation"}
    assert output.texts[0]
    assert output.synthetic


def test_a_child_unlike_those_learned_from_gets_no_opinion(walk: tuple[Document, Measures]) -> None:
    (opinion,) = predict(*walk, model=model_of(limit=1e-6), pictures={}).opinions
    assert opinion.probabilities is None
    assert opinion.reason.code == "reason.unlike_children"


def test_a_short_pass_gets_no_opinion_and_says_why(walk: tuple[Document, Measures]) -> None:
    document, measures = walk
    motion = measures.motions[0]
    coronal = motion.views.coronal
    assert coronal is not None
    short = tuple(replace(one, stop=one.start + 20) for one in coronal.passes)
    cut = replace(motion, views=ByView(motion.views.sagittal, replace(coronal, passes=short)))
    output = predict(document, replace(measures, motions=(cut,)), model=model_of(), pictures={})
    assert output.opinions[0].probabilities is None
    assert is_within("reason.clip.pass_too_short", output.opinions[0].reason)
    none = replace(motion, views=ByView(motion.views.sagittal, None))
    output = predict(document, replace(measures, motions=(none,)), model=model_of(), pictures={})
    assert is_within("reason.view_missing", output.opinions[0].reason)


def test_a_model_of_the_video_alone_needs_pictures(walk: tuple[Document, Measures]) -> None:
    document, measures = walk
    model = model_of(("video",))
    (opinion,) = predict(document, measures, model=model, pictures={}).opinions
    assert opinion.probabilities is None
    assert opinion.reason.code == "reason.no_end_view_pictures"
    pose = document.trials[0].poses.coronal
    assert pose is not None
    pictures = {("t1", View.CORONAL): Numbered((pose.height, pose.width))}
    output = predict(document, measures, model=model, pictures=pictures)
    assert output.opinions[0].probabilities is not None
    assert output.findings == ()


def test_the_small_video_is_of_the_clip_and_follows_the_subject(walk: tuple[Document, Measures]) -> None:
    document, measures = walk
    pose = document.trials[0].poses.coronal
    assert pose is not None
    pictures = {("t1", View.CORONAL): Numbered((pose.height, pose.width))}
    (first, *_), _ = read_clips(measures, pictures, video=VideoSettings(12, 32), most=1)
    assert first.video is not None
    assert first.video.shape == (12, 32, 32, 3)
    frames = first.video[:, 16, 16, 0].astype(int)
    stamps = first.clip.start_s + first.video_times_s
    nearest = [int(np.argmin(np.abs(pose.times - time))) % 250 for time in stamps]
    assert frames.tolist() == nearest
    assert np.all(np.diff(first.video_times_s) > 0)
    assert first.video_times_s[-1] == pytest.approx(95 / 30, abs=0.03)


def test_a_part_of_a_picture_is_cut_out_where_asked() -> None:
    rgb = np.zeros((100, 200, 3), np.uint8)
    rgb[40:60, 100:120] = 255
    out = cut_out(rgb, (90.0, 30.0, 130.0, 70.0), 20)
    assert out.shape == (20, 20, 3)
    assert out[10, 10, 0] > 200
    assert out[2, 2, 0] == 0
    beyond = cut_out(rgb, (-40.0, 30.0, 40.0, 110.0), 20)
    assert beyond[10, 2, 0] == 114
