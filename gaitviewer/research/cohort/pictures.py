"""Pictures of a synthetic subject, rendered when they are asked for; always the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from gaitviewer.core.gait import View
from gaitviewer.core.learning import MaskedPicture
from gaitviewer.synthesis.body.appearance import draw_look, draw_room
from gaitviewer.synthesis.body.figure import Look
from gaitviewer.synthesis.demo import FilmedView
from gaitviewer.synthesis.filming.film import film_trial
from gaitviewer.synthesis.filming.pixels import render_pose
from gaitviewer.synthesis.filming.room import Backdrop, Room, paint
from gaitviewer.synthesis.gait.subjects import draw_subject, random_for

_CAMERAS, _LOOK, _ROOM = 100, 300, 400  # parts of a subject's chance


@lru_cache(maxsize=4)
def _filmed(seed: int, index: int, shift: str, trial: int) -> tuple[FilmedView, FilmedView]:
    subject = draw_subject(seed, index, shift=shift)
    scene = film_trial(subject.gait, random_for(seed, index, _CAMERAS + trial), shift=shift)
    return scene.views.sagittal, scene.views.coronal


@dataclass(frozen=True, slots=True)
class SubjectPictures:
    """The pictures of one view of one trial.

    Attributes:
        seed, index, shift, trial, view: which.
    """

    seed: int
    index: int
    shift: str
    trial: int
    view: View
    _kept: dict[str, Backdrop] = field(default_factory=dict, compare=False, repr=False)

    @property
    def look(self) -> Look:
        """The subject's clothes and build: the same in all trials."""
        return draw_look(random_for(self.seed, self.index, _LOOK))

    @property
    def room(self) -> Room:
        """The room of all recordings of this subject."""
        return draw_room(random_for(self.seed, self.index, _ROOM))

    def _film(self) -> FilmedView:
        return _filmed(self.seed, self.index, self.shift, self.trial)[0 if self.view is View.SAGITTAL else 1]

    def read(self, frames: Sequence[int]) -> Iterator[MaskedPicture]:
        """Whole pictures of those frame numbers, in the pixel grid of the keypoints."""
        filmed = self._film()
        if "whole" not in self._kept:
            self._kept["whole"] = paint(self.room, filmed.camera)
        look, backdrop = self.look, self._kept["whole"]
        for frame in frames:
            made = render_pose(
                filmed.motion.points[frame],
                filmed.camera,
                backdrop=backdrop,
                gait=filmed.motion.gait,
                look=look,
            )
            yield MaskedPicture(made.rgb, made.mask)

    def read_crop(
        self, frames: Sequence[int], box_px: tuple[float, float, float, float], size_px: int
    ) -> Iterator[MaskedPicture]:
        """A square part of the pictures at a size of its own, rendered at that size.

        Args:
            frames: frame numbers.
            box_px: left, top, right, bottom in pixels of the whole picture; may reach beyond it.
            size_px: width and height of what is returned.
        """
        filmed = self._film()
        camera = filmed.camera.cropped(box_px, size_px)
        backdrop, look = paint(self.room, camera), self.look
        for frame in frames:
            made = render_pose(
                filmed.motion.points[frame], camera, backdrop=backdrop, gait=filmed.motion.gait, look=look
            )
            yield MaskedPicture(made.rgb, made.mask)
