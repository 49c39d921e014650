#!/usr/bin/env bash
# Installs what is missing and runs every check: style, types, layers, tests.
# Usage: bash installer/test.sh [arguments of pytest]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
install_libraries xvfb xauth
install_project dev
export QT_QPA_PLATFORM=offscreen
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy
.venv/bin/lint-imports
.venv/bin/python -m pytest -q "$@"
