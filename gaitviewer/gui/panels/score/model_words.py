"""What the video model says of one item of a limb, in words, and the pictures that it looked at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gaitviewer.core.evgs import EvgsItem, Evidence
from gaitviewer.core.gait import Side, View
from gaitviewer.core.maps import AttentionMap
from gaitviewer.core.measures import Measures, ViewMotion
from gaitviewer.core.output import Answer, item_asked
from gaitviewer.gui.model.explanations import explained_maps
from gaitviewer.gui.panels.common.cells import Cell
from gaitviewer.gui.panels.common.wording import joined, side_name, time_text, tr, view_name
from gaitviewer.gui.widgets.translation import translate_data

Look = tuple[str, str, Evidence]
"""Words of a row, those of its tool tip, and the picture to go to."""


def model_lines(answer: Answer, cell: Cell, item: EvgsItem, side: Side) -> tuple[str, ...]:
    """What it says, why it may be wrong, where it looked (or which items tell that), its score of the limb."""
    lines = cell.text.split("\n")
    maps = explained_maps(answer.output.attention, (item.number, side))
    if maps:
        lines.append(tr("Alt+A shows its attention in these pictures, Alt+O what it loses without each patch."))
    elif explained := _explained(answer.output.attention):
        lines.append(tr("Where it looked was recorded for {items} only.").format(items=joined(explained)))
    lines += [translate_data(words) for words in answer.output.texts if side.value in words]
    return tuple(lines)


def _explained(maps: Sequence[AttentionMap]) -> tuple[str, ...]:
    """Items whose maps were kept, as they are called: "9 KEX left"."""
    names = dict.fromkeys(one.target for one in maps if item_asked(one.target) is not None)
    return tuple(name.partition(" ")[2] for name in names)


def looks_of(answer: Answer, measures: Measures | None, item: EvgsItem, side: Side) -> tuple[Look, ...]:
    """The clips that were looked at for an item, each with its middle picture."""
    found = [
        one for one in explained_maps(answer.output.attention, (item.number, side)) if one.kind == "attention"
    ]
    looks = []
    for trial, view in dict.fromkeys((one.trial, one.view) for one in found):
        motion = _motion(measures, trial, view)
        if motion is None or not len(motion.pose):
            continue
        times = sorted(float(t) for one in found if (one.trial, one.view) == (trial, view) for t in one.times_s)
        words = tr("Model looked: {view}, {start} to {stop}").format(
            view=view_name(view), start=time_text(times[0]), stop=time_text(times[-1])
        )
        tip = tr("{words}: {n} moments").format(words=words, n=len(times))
        stride = next(
            (s for s in motion.strides if s.side is side and s.start_s <= np.mean(times) <= s.stop_s), None
        )
        if stride is not None:
            tip += tr(", stride {n} on the {side}").format(n=stride.number + 1, side=side_name(side))
        own = motion.pose.times
        frame = int(np.argmin(np.abs(own - times[len(times) // 2])))
        looks.append((words, tip, Evidence(trial, view, frame, float(own[frame]), ())))
    return tuple(looks)


def _motion(measures: Measures | None, trial: str, view: View) -> ViewMotion | None:
    motions = measures.motions if measures is not None else ()
    return next((motion.views[view] for motion in motions if motion.trial.id == trial), None)
