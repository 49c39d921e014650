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
  export COVERAGE_CORE="${COVERAGE_CORE-$(.venv/bin/python -c 'import sys; print("sysmon" if sys.version_info >= (3, 12) else "ctrace")')}"
fi
export QT_QPA_PLATFORM=offscreen
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/lint-imports
.venv/bin/python installer/parts.py --check
.venv/bin/mypy &
types=$!
rest=()
if [ "${CI:-}" = "true" ] && [ "$#" -eq 0 ] && [ "${#coverage[@]}" -eq 0 ]; then
  # On Python 3.11 coverage makes tests take 1.7 times the processor time; so it is printed of two rooms alone,
  # whose tests are quick and rest on nothing else. They run while mypy does: both need one processor.
  .venv/bin/python -m pytest -q --cov=gaitviewer.formats --cov=gaitviewer.store --cov-report=term:skip-covered \
    tests/formats tests/store
  rest=(--ignore=tests/formats --ignore=tests/store)
fi
wait "$types"
processes=()
# The costly groups of tests/conftest.py come first, as they are written there.
[ "$#" -gt 0 ] || processes=(-n logical --dist loadgroup --no-loadscope-reorder)
.venv/bin/python -m pytest -q ${processes[@]+"${processes[@]}"} ${coverage[@]+"${coverage[@]}"} \
  ${rest[@]+"${rest[@]}"} "$@"
