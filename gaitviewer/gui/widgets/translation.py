"""Words that do not stand in the window's own code.

Messages are said by the catalogue of the user's language (:func:`say`); names and labels of data files are
looked up as they stand there (:func:`translate_data`): ``installer/collect_words.py`` finds those.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QObject, QTranslator

from gaitviewer import paths
from gaitviewer.messages import Catalogue, Message, load_catalogue

CONTEXT = "Data"


def say(what: Message) -> str:
    """A message in the user's language."""
    return _catalogue().text(what)


def say_sentence(what: Message) -> str:
    """A message in the user's language, with a capital letter and a full stop."""
    return _catalogue().sentence(what)


def _catalogue() -> Catalogue:
    return load_catalogue(QLocale().name().partition("_")[0])


def translate_data(text: str) -> str:
    """A name or label of a data file in the user's language; as it is where there is no translation."""
    return QCoreApplication.translate(CONTEXT, text) if text else text


def folder() -> Path:
    """Where translations lie: ``gaitviewer_<language>.qm``."""
    return paths.resources() / "translations"


def install(app: QObject, locale: QLocale | None = None, *, where: Path | None = None) -> QTranslator | None:
    """Use the translation for the user's language, if there is one, and Qt's own for its parts."""
    where = where or folder()
    translator = QTranslator(app)
    if not translator.load(locale or QLocale(), "gaitviewer", "_", str(where)):
        return None
    QCoreApplication.installTranslator(translator)
    qt_words = QTranslator(translator)
    where_qt = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    if qt_words.load(locale or QLocale(), "qtbase", "_", where_qt):
        QCoreApplication.installTranslator(qt_words)
    return translator
