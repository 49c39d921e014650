"""All keys in one sheet; any of them can be changed there."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.keys import KeyBinding, load_keys, save_keys
from gaitviewer.gui.widgets.plain import PlainLabel

ACTION_ROLE = Qt.ItemDataRole.UserRole + 1


class HelpDialog(QDialog):
    """Every action with its keys, by group.

    Signals:
        keys_changed: the user's own keys were saved; use them.
    """

    keys_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("help_dialog")
        self.setWindowTitle(self.tr("All keys"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(620, 640)
        self.bindings = load_keys()
        self.search = QLineEdit()
        self.search.setObjectName("help_search")
        self.search.setPlaceholderText(self.tr("Search: what it does, or its key"))
        self.search.setAccessibleName(self.tr("Search the keys"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._narrow)
        self.tree = QTreeWidget()
        self.tree.setObjectName("help_tree")
        self.tree.setAccessibleName(self.tr("All keys"))
        self.tree.setHeaderLabels([self.tr("What it does"), self.tr("Keys")])
        self.tree.setRootIsDecorated(False)
        self.tree.setAlternatingRowColors(True)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.header().setStretchLastSection(False)
        self.tree.currentItemChanged.connect(self._chosen)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 14, 14, 12)
        layout.addWidget(self.search)
        layout.addWidget(self.tree, 1)
        layout.addLayout(self._build_change())
        layout.addWidget(self.clash)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self._fill()

    def _build_change(self) -> QHBoxLayout:
        self.editor = QKeySequenceEdit()
        self.editor.setObjectName("help_key_edit")
        self.editor.setMaximumSequenceLength(1)
        self.editor.setAccessibleName(self.tr("New key"))
        self.editor.keySequenceChanged.connect(self._show_clash)
        self.change_button = QPushButton(self.tr("Use this key"))
        self.change_button.setObjectName("help_change")
        self.change_button.clicked.connect(self.change)
        self.reset_button = QPushButton(self.tr("Usual keys"))
        self.reset_button.setToolTip(self.tr("Give all actions their usual keys again"))
        self.reset_button.clicked.connect(self.reset)
        self.clash = PlainLabel(name="help_clash", wraps=True)
        row = QHBoxLayout()
        row.addWidget(PlainLabel(self.tr("New key for the chosen line:")))
        row.addWidget(self.editor)
        row.addWidget(self.change_button)
        row.addStretch(1)
        row.addWidget(self.reset_button)
        return row

    def _fill(self) -> None:
        self.tree.clear()
        groups: dict[str, QTreeWidgetItem] = {}
        for binding in self.bindings.values():
            group = groups.get(binding.group)
            if group is None:
                group = QTreeWidgetItem([tr_keys(binding.group)])
                group.setFlags(Qt.ItemFlag.ItemIsEnabled)
                group.setFont(0, theme.font("heading"))
                group.setFirstColumnSpanned(True)
                groups[binding.group] = group
                self.tree.addTopLevelItem(group)
            row = QTreeWidgetItem([tr_keys(binding.title), keys_in_words(binding)])
            row.setData(0, ACTION_ROLE, binding.action)
            group.addChild(row)
        self.tree.expandAll()
        self._chosen(self.tree.currentItem(), None)

    def rows(self) -> list[QTreeWidgetItem]:
        """All lines with keys."""
        tops = [self.tree.topLevelItem(n) for n in range(self.tree.topLevelItemCount())]
        found = [top.child(n) for top in tops if top is not None for n in range(top.childCount())]
        return [row for row in found if row is not None]

    def _narrow(self, text: str) -> None:
        words = text.lower().split()
        for row in self.rows():
            words_of_row = f"{row.text(0)} {row.text(1)}".lower()
            row.setHidden(not all(word in words_of_row for word in words))
        for number in range(self.tree.topLevelItemCount()):
            top = self.tree.topLevelItem(number)
            if top is not None:
                top.setHidden(all(row.isHidden() for row in self.rows() if row.parent() is top))

    def _chosen(self, item: QTreeWidgetItem | None, before: QTreeWidgetItem | None) -> None:
        can = item is not None and item.data(0, ACTION_ROLE) is not None
        self.editor.setEnabled(can)
        self.change_button.setEnabled(can)
        self.editor.clear()

    def _owner(self, text: str) -> KeyBinding | None:
        """The other action that has this key."""
        item = self.tree.currentItem()
        own = item.data(0, ACTION_ROLE) if item is not None else None
        return next((b for b in self.bindings.values() if text in b.keys and b.action != own), None)

    def _show_clash(self, keys: QKeySequence) -> None:
        text = keys.toString(QKeySequence.SequenceFormat.PortableText)
        owner = self._owner(text) if text else None
        self.change_button.setText(self.tr("Use this key") if owner is None else self.tr("Take this key over"))
        self.clash.setText("" if owner is None else self._loss(owner, text, self.tr("would lose it")))

    def _loss(self, owner: KeyBinding, text: str, loses: str) -> str:
        """What becomes of the action that has the key."""
        left = replace(owner, keys=tuple(key for key in owner.keys if key != text))
        if left.keys:
            words = self.tr("Taken by: \u201c{what}\u201d {loses} and keeps {keys}.")
        else:
            words = self.tr("Taken by: \u201c{what}\u201d {loses} and has no key then.")
        return words.format(what=tr_keys(owner.title), loses=loses, keys=keys_in_words(left))

    def change(self) -> None:
        """The key that was pressed in place of the first of the chosen action; its other keys stay.

        Whoever had the key loses it, which is said before and after.
        """
        item = self.tree.currentItem()
        text = self.editor.keySequence().toString(QKeySequence.SequenceFormat.PortableText)
        if item is None or not text:
            return
        action, owner = item.data(0, ACTION_ROLE), self._owner(text)
        keys = {name: binding.keys for name, binding in self.bindings.items()}
        keys = {name: tuple(key for key in own if key != text) for name, own in keys.items()}
        kept = keys[action] if text in self.bindings[action].keys else keys[action][1:]
        keys[action] = (text, *kept)
        if self._save(keys) and owner is not None:
            self.clash.setText(self._loss(owner, text, self.tr("lost it")))

    def reset(self) -> None:
        """Give all actions their usual keys again."""
        self._save({})

    def _save(self, keys: dict[str, tuple[str, ...]]) -> bool:
        try:
            save_keys(keys)
        except OSError as error:
            self.clash.setText(self.tr("The keys were not saved ({why}).").format(why=error.strerror))
            return False
        self.bindings = load_keys()
        self._fill()
        self._narrow(self.search.text())
        self.keys_changed.emit()
        return True


def keys_in_words(binding: KeyBinding) -> str:
    """Its keys as the user's system writes them."""
    between = QCoreApplication.translate("Keys", "or")  # a comma is a key itself
    return f"  {between}  ".join(
        QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in binding.keys
    )


def tr_keys(text: str) -> str:
    """A title or a group of the table of keys in the user's language."""
    return QCoreApplication.translate("Keys", text)
