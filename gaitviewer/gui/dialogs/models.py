"""Every model that is here as a card: what it answers, how well, which one is used; check, add, remove."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gaitviewer.errors import UserError
from gaitviewer.gui.model.choices import keep_settings
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.services.inference import TASKS, InferenceService
from gaitviewer.gui.services.jobs import JobFailure, Jobs
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.plain import PlainLabel, TallArea
from gaitviewer.gui.widgets.translation import say_sentence
from gaitviewer.inference.models import ModelEntry, choose_default, default_model, list_models, remove_model
from gaitviewer.messages import message
from gaitviewer.pose.added import add_pose_model
from gaitviewer.pose.models import (
    BEST,
    NAMES,
    PoseModel,
    added_models,
    added_names,
    limit_of,
    pose_model,
    problem_of,
    remove_added,
)

if TYPE_CHECKING:
    from gaitviewer.nets.card import Card

_ADDING = "add pose model"
_MB = 1e6
_BECAME = " -> "  # in the names of counts on a card: "what a child is -> what is said"
_MOST_ANSWERS = 4  # of the questions of a model so many are named


class ModelCard(QFrame):
    """One model: a heading, facts, and what can be done with it."""

    def __init__(self, name: str, title: str, badges: list[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"model_{name}")
        self.setAccessibleName(title)
        self.setProperty("card", "true")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(14, 10, 14, 10)
        self._column.setSpacing(6)
        head = QHBoxLayout()
        heading = PlainLabel(title)
        heading.setFont(theme.font("heading"))
        head.addWidget(heading)
        head.addWidget(PlainLabel(" · ".join([name, *badges]), name="model_badges", quiet=True))
        head.addStretch(1)
        self._column.addLayout(head)
        self._facts = QGridLayout()
        self._facts.setColumnMinimumWidth(0, 96)
        self._facts.setColumnStretch(1, 1)
        self._facts.setHorizontalSpacing(12)
        self._facts.setVerticalSpacing(4)
        self._column.addLayout(self._facts)
        self.problem = PlainLabel(name="model_problem", wraps=True)
        self.problem.hide()
        self._column.addWidget(self.problem)
        self._buttons = QHBoxLayout()
        self._buttons.addStretch(1)
        self._column.addLayout(self._buttons)

    def add_fact(self, name: str, words: str, *, tip: str = "", warns: bool = False) -> None:
        """A line of the card; nothing where there are no words."""
        if not words:
            return
        value = PlainLabel(words, wraps=True, selectable=True)
        value.setToolTip(tip)
        value.setProperty("warning", "true" if warns else "false")
        self.add_row(name, value)

    def add_row(self, name: str, value: QWidget) -> None:
        """A line of the card with a widget."""
        row = self._facts.rowCount()
        label = PlainLabel(name, quiet=True)
        self._facts.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
        self._facts.addWidget(value, row, 1)

    def add_button(self, name: str, words: str, command: Callable[[], object]) -> QPushButton:
        """Something that can be done with the model."""
        button = QPushButton(words)
        button.setObjectName(f"model_{name}")
        button.setAutoDefault(False)
        button.clicked.connect(lambda: command())
        self._buttons.addWidget(button)
        return button

    def say(self, words: str, *, bad: bool = False) -> None:
        """What came of a check, or what is wrong with the model."""
        self.problem.setProperty("warning", "true" if bad else "false")
        self.problem.style().polish(self.problem)
        self.problem.setText(words)
        self.problem.setVisible(bool(words))


class ModelsDialog(QDialog):
    """Learned systems, what works inside the analysis, and pose models.

    Attributes:
        cards: by the id of the model.   status: what came of adding or removing.
        pose: which pose model the analysis uses.
    """

    def __init__(
        self, state: AppState, inference: InferenceService, jobs: Jobs, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("models_dialog")
        self.setWindowTitle(self.tr("Models"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(860, 680)
        self._state = state
        self._inference = inference
        self._jobs = jobs
        self._closed = False
        self.cards: dict[str, ModelCard] = {}
        self.area = TallArea("models_list", self.windowTitle())
        self.status = PlainLabel(name="models_status", wraps=True)
        self.status.hide()
        self.add_folder = QPushButton(self.tr("Add a model folder…"))
        self.add_folder.setObjectName("models_add_folder")
        self.add_folder.clicked.connect(self._choose_folder)
        self.add_pose = QPushButton(self.tr("Add a pose model…"))
        self.add_pose.setObjectName("models_add_pose")
        self.add_pose.clicked.connect(self._choose_pose_model)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        for button in (self.add_folder, self.add_pose):
            button.setAutoDefault(False)
            buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 12)
        layout.setSpacing(10)
        layout.addWidget(self.area, 1)
        layout.addWidget(self.status)
        layout.addWidget(buttons)
        self._fill()

    # --- what is shown -------------------------------------------------------------------------------

    def _fill(self) -> None:
        """Show what is there now, where the list stood."""
        place = self.area.verticalScrollBar().value()
        self.cards.clear()
        column = QVBoxLayout(page := QWidget())
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(10)
        entries = list_models()
        asked = [entry for entry in entries if entry.card is None or entry.card.task in TASKS]
        self._add_heading(column, self.tr("Asked about a session"))
        for entry in sorted(asked, key=lambda one: TASKS.index(one.card.task) if one.card else len(TASKS)):
            column.addWidget(self._card_of(entry))
        self._add_heading(column, self.tr("Pose estimation"))
        column.addLayout(self._pose_choice())
        for model in (*map(pose_model, NAMES), *added_models()):
            column.addWidget(self._pose_card(model))
        self._add_heading(column, self.tr("At work inside the analysis"))
        for entry in entries:
            if entry not in asked:
                column.addWidget(self._card_of(entry))
        column.addStretch(1)
        self.area.setWidget(page)
        self.area.verticalScrollBar().setValue(place)

    def _add_heading(self, column: QVBoxLayout, words: str) -> None:
        heading = PlainLabel(words)
        heading.setFont(theme.font("title"))
        column.addWidget(heading)

    def _card_of(self, entry: ModelEntry) -> ModelCard:
        card, badges = entry.card, [] if entry.shipped else [self.tr("added")]
        if card is None:
            shown = ModelCard(entry.id, self.tr("A model that cannot be read"), badges)
            shown.say(say_sentence(entry.problem), bad=True)
        else:
            is_default = card.task in TASKS and default_model(card.task).id == entry.id
            if is_default:
                badges.append(self.tr("asked by default"))
            title = say_sentence(message(f"system.{card.task}")).rstrip(".")
            shown = ModelCard(entry.id, title, badges)
            self._add_facts(shown, card)
            shown.add_button("check", self.tr("Check"), partial(self._check, entry.id, shown))
            if card.task in TASKS and not is_default:
                words = self.tr("Ask by default")
                shown.add_button("default", words, partial(self._make_default, entry))
        if not entry.shipped:
            self._add_removal(shown, partial(self._remove, entry.id))
        self.cards[entry.id] = shown
        return shown

    def _add_facts(self, shown: ModelCard, card: Card) -> None:
        more = len(card.outputs) - _MOST_ANSWERS
        asked = ", ".join(card.outputs[:_MOST_ANSWERS])
        if more > 0:
            asked += self.tr(" and {n} more").format(n=more)
        answers = ": ".join(filter(None, (asked, ", ".join(card.classes))))
        shown.add_fact(self.tr("What"), card.title)
        shown.add_fact(self.tr("Answers"), answers, tip=", ".join(card.outputs))
        shown.add_fact(self.tr("Learned from"), self._learned_from(card))
        shown.add_fact("", card.statement, warns=True)
        self._add_figures(shown, card)
        shown.add_fact(self.tr("Made for"), card.intended_use)
        shown.add_fact(self.tr("Limits"), "\n".join(card.limits))
        size = self.tr("{mb} MB, {n} weights").format(mb=f"{card.bytes / _MB:.1f}", n=f"{card.parameters:,}")
        shown.add_fact(self.tr("Size"), size)
        shown.add_fact(self.tr("Licence"), card.licence)
        shown.add_fact(self.tr("SHA-256"), f"{card.sha256[:16]}…", tip=card.sha256)

    def _learned_from(self, card: Card) -> str:
        subjects = card.data.get("subjects")
        words = str(card.data.get("name", ""))
        if isinstance(subjects, Mapping) and "train" in subjects:
            words += self.tr(", {n} children to learn from").format(n=subjects["train"])
        return words

    def _add_figures(self, shown: ModelCard, card: Card) -> None:
        """How well, apart: on synthetic gait, and on recordings of people."""
        of_people = [name for name in card.metrics if name.startswith("real") or not card.synthetic]
        real = {name: card.metrics[name] for name in of_people}
        synthetic = {name: one for name, one in card.metrics.items() if name not in real}
        counted = [name for name, one in synthetic.items() if all(_BECAME in key for key in one)]
        used = [synthetic.pop(name) for name in counted]
        if synthetic:
            shown.add_row(self.tr("On synthetic gait"), self._table(synthetic))
        for counts in used:
            shown.add_row(self.tr("As it is used"), self._counts(counts))
        if real:
            shown.add_row(self.tr("On people"), self._table(real))
        elif card.metrics:
            shown.add_fact(self.tr("On people"), self.tr("not measured"), warns=True)

    def _counts(self, counts: Mapping[str, int]) -> QWidget:
        """How many fresh synthetic children of each kind (rows) got which answer (columns)."""
        pairs = [key.split(_BECAME) for key in counts]
        kinds, answers = (list(dict.fromkeys(pair[part] for pair in pairs)) for part in (0, 1))
        corner = self.tr("fresh children, by what they are and what is said")
        rows = [(kind, [str(counts.get(f"{kind}{_BECAME}{said}", 0)) for said in answers]) for kind in kinds]
        return _grid(corner, answers, rows)

    def _table(self, sets: Mapping[str, Mapping[str, Any]]) -> QWidget:
        heads = {
            "accuracy": self.tr("accuracy"),
            "balanced_accuracy": self.tr("balanced accuracy"),
            "auroc": self.tr("AUROC"),
            "qwk": self.tr("weighted kappa"),
            "ece": self.tr("calibration error"),
        }
        rows = {
            "valid": self.tr("to choose settings by"),
            "test": self.tr("left out"),
            "shifted": self.tr("left out, other cameras"),
        }
        given = dict.fromkeys(name for one in sets.values() for name in one)
        names = [name for name in heads if name in given] or list(given)[:5]
        titles = [heads.get(name, name.replace("_", " ")) for name in names]
        cells = [
            (rows.get(name, name), [_figure(figures.get(figure)) for figure in names])
            for name, figures in sets.items()
        ]
        return _grid("", titles, cells)

    # --- pose models ---------------------------------------------------------------------------------

    def _pose_choice(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.pose = QComboBox()
        self.pose.setObjectName("models_pose")
        self.pose.setAccessibleName(self.tr("Pose model of the analysis"))
        self.pose.addItem(self.tr("the best one that is here"), BEST)
        for model in (*map(pose_model, NAMES), *added_models()):
            self.pose.addItem(model.name, model.name)
        self.pose.setCurrentIndex(max(0, self.pose.findData(self._state.settings.pose_model)))
        self.pose.currentIndexChanged.connect(
            lambda _: keep_settings(self._state, pose_model=self.pose.currentData())
        )
        row.addWidget(PlainLabel(self.tr("The analysis uses"), quiet=True))
        row.addWidget(self.pose)
        row.addStretch(1)
        return row

    def _pose_card(self, model: PoseModel) -> ModelCard:
        added = model.name in added_names()
        shown = ModelCard(model.name, model.card.title, [self.tr("added")] if added else [])
        shown.add_fact(self.tr("Licence"), model.card.licence or self.tr("not stated"))
        shown.add_fact(self.tr("Size"), self.tr("{mb} MB").format(mb=f"{model.card.bytes / _MB:.1f}"))
        shown.add_fact(self.tr("SHA-256"), f"{model.card.sha256[:16]}…", tip=model.card.sha256)
        missing = problem_of(model)
        shown.say(say_sentence(missing or limit_of(model)), bad=bool(missing))
        if added:
            self._add_removal(shown, partial(self._remove_pose_model, model.name))
        self.cards[model.name] = shown
        return shown

    def _choose_pose_model(self) -> None:
        kinds = self.tr("Pose models: BlazePose, RTMPose, ViTPose (*.tflite *.onnx *.safetensors)")
        name, _ = QFileDialog.getOpenFileName(self, self.tr("File of a pose model"), "", kinds)
        if name:
            self.take_pose_model(Path(name))

    def take_pose_model(self, file: Path) -> None:
        """Try a pose model and add it from its file; it is used once it is chosen."""

        def done(model: PoseModel) -> None:
            words = self.tr("{model} was added. The analysis uses it once it is chosen.")
            self._added(words.format(model=model.name))

        def failed(failure: JobFailure) -> None:
            self._added(say_sentence(failure.message))

        self._busy(self.tr("The pose model is being tried…"))
        self._jobs.start(
            _ADDING,
            lambda tick: add_pose_model(file),
            title=self.tr("Trying the model"),
            done=self._alive(done),
            failed=self._alive(failed),
        )

    def _remove_pose_model(self, name: str) -> None:
        try:
            remove_added(name)
        except UserError as error:
            self._added(say_sentence(error.message))
            return
        if self._state.settings.pose_model == name:
            keep_settings(self._state, pose_model=BEST)
        self._added(self.tr("{model} was removed.").format(model=name))

    # --- learned systems -----------------------------------------------------------------------------

    def _check(self, model: str, shown: ModelCard) -> None:
        def done(problem: str) -> None:
            if self.cards.get(model) is shown:
                good = self.tr("The weights are those of the card, and the network answers.")
                shown.say(problem or good, bad=bool(problem))

        shown.say(self.tr("Being checked…"))
        self._inference.verify(model, self._alive(done))

    def _make_default(self, entry: ModelEntry) -> None:
        chosen = choose_default(entry, self._state.settings.default_models)
        keep_settings(self._state, default_models=chosen)
        self._added(self.tr("{model} is asked from now on.").format(model=entry.id))

    def _choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, self.tr("Folder with card.toml and weights.safetensors"))
        if name:
            self.take_folder(Path(name))

    def take_folder(self, folder: Path) -> None:
        """Check a model folder, ask the model once, and add it; what is wrong with it is said."""

        def done(model: str) -> None:
            self._added(self.tr("{model} was added. It is asked once you choose it.").format(model=model))

        self._busy(self.tr("The model is being tried…"))
        self._inference.add(folder, self._alive(done), self._alive(self._added))

    def _remove(self, model: str) -> None:
        try:
            remove_model(model)
        except UserError as error:
            self._added(say_sentence(error.message))
            return
        self._inference.models_changed()
        self._added(self.tr("{model} was removed.").format(model=model))

    # --- what comes of it ----------------------------------------------------------------------------

    def _add_removal(self, shown: ModelCard, remove: Callable[[], None]) -> None:
        """A button that asks back in its own place."""

        def press() -> None:
            if button.property("sure"):
                remove()
            else:
                button.setProperty("sure", True)
                button.setText(self.tr("Remove it for good"))

        button = shown.add_button("remove", self.tr("Remove"), press)

    def _busy(self, words: str) -> None:
        self.add_folder.setEnabled(False)
        self.add_pose.setEnabled(False)
        self._say(words)

    def _added(self, words: str) -> None:
        """Something was added, removed or chosen, or could not be."""
        self.add_folder.setEnabled(True)
        self.add_pose.setEnabled(True)
        self._say(words)
        self._fill()

    def _say(self, words: str) -> None:
        self.status.setText(words)
        self.status.setVisible(bool(words))

    def _alive(self, function: Callable[..., None]) -> Callable[..., None]:
        """The function, but nothing once the dialog is closed."""

        def call(*values: Any) -> None:
            if not self._closed:
                function(*values)

        return call

    def done(self, result: int) -> None:
        """Close; what is still being tried is told to nobody."""
        self._closed = True
        self._jobs.cancel(_ADDING)
        super().done(result)


def _figure(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, float) else "–"


def _grid(corner: str, heads: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]]) -> QWidget:
    """Figures in columns of the same digits, under their heads and beside the titles of their rows."""
    table = QWidget()
    grid = QGridLayout(table)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(18)
    grid.setVerticalSpacing(2)
    grid.setColumnStretch(len(heads) + 1, 1)
    for column, head in enumerate((corner, *heads)):
        grid.addWidget(PlainLabel(head, quiet=True), 0, column)
    for row, (title, cells) in enumerate(rows, start=1):
        grid.addWidget(PlainLabel(title, quiet=True), row, 0)
        for column, cell in enumerate(cells, start=1):
            label = PlainLabel(cell)
            label.setFont(theme.font("digits"))
            grid.addWidget(label, row, column)
    return table
