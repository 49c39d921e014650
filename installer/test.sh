#!/usr/bin/env bash
# Installs what is missing and runs every check: style, types, layers, licences, tests.
# Usage: bash installer/test.sh [--cov] [arguments of pytest]      --cov: also print which lines no test ran
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
install_libraries xvfb xauth
install_project dev
coverage=()
if [ "${1:-}" = "--cov" ]; then
  shift
  coverage=(--cov=gaitviewer --cov-report=term:skip-covered)
fi
export QT_QPA_PLATFORM=offscreen
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy
.venv/bin/lint-imports
.venv/bin/python installer/parts.py --check
.venv/bin/python -m pytest -q ${coverage[@]+"${coverage[@]}"} "$@"
