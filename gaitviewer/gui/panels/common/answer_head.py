"""What stands above every answer of a learned model: its statement, whether it still counts, who gave it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from gaitviewer.core.output import Answer, ModelOutput
from gaitviewer.gui.model.blinding import hides_answers
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.panels.common.base import nothing_open
from gaitviewer.gui.panels.common.wording import sentence, tr
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.plain import PlainLabel, plain_tip
from gaitviewer.gui.widgets.translation import say_sentence, translate_data
from gaitviewer.messages import message

_ICON_PX = 18


class AnswerHead(QWidget):
    """The statement with a sign of warning; below it "out of date", if it is."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = PlainLabel(name=f"{name}_title", wraps=True)
        self.statement = PlainLabel(name=f"{name}_statement", wraps=True)
        self.out_of_date = PlainLabel(name=f"{name}_out_of_date", wraps=True)
        self.out_of_date.setProperty("warning", "true")
        self._sign = PlainLabel()
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.statement, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(self.title)
        column.addLayout(row)
        column.addWidget(self.out_of_date)

    def show_answer(self, title: str, answer: Answer) -> None:
        """Show what must be known of an answer before it is read."""
        made = answer.output.provenance
        self.title.setText(title)
        self.title.setFont(theme.font("heading"))
        self.statement.setText(sentence(translate_data(answer.output.statement)))
        self.statement.setVisible(bool(answer.output.statement))
        self._sign.setVisible(bool(answer.output.statement))
        self._sign.setPixmap(theme.icon("warning", "warning").pixmap(_ICON_PX, _ICON_PX))
        words = say_sentence(message("doubt.out_of_date", when=made.when[:10]))
        self.out_of_date.setText(tr("Out of date: {why}").format(why=words[:1].lower() + words[1:]))
        self.out_of_date.setVisible(answer.out_of_date)
        self.setToolTip(
            plain_tip(
                tr("Model {model}, asked {when} on {device}, weights {digest}").format(
                    model=answer.output.model,
                    when=made.when[:16].replace("T", " "),
                    device=made.device,
                    digest=made.weights_digest[:12] or tr("unknown"),
                )
            )
        )


def answer_or_why(state: AppState, task: str) -> tuple[Answer | None, str]:
    """The answer of a system; or None, and why there is nothing to show."""
    answer = state.answers.get(task)
    if state.document is None:
        return None, nothing_open()
    if hides_answers(state.document, state.settings, state.measures):
        return None, tr("What models say is hidden until you have graded all items of both limbs.")
    if answer is None:
        name = say_sentence(message(f"system.{task}")).rstrip(".")
        return None, tr("{name}: the model was not asked yet (menu Models).").format(name=name)
    return answer, ""


def no_opinion_words(output: ModelOutput) -> str:
    """Why there is no opinion, or what is said instead of one; "" if there is one."""
    words = [
        say_sentence(one.reason) if one.reason else sentence(translate_data(one.label))
        for one in output.opinions
        if one.probabilities is None
    ]
    return " ".join(dict.fromkeys(word for word in words if word))
