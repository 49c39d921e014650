#!/usr/bin/env bash
# Installs what is missing and does the main job: the window on the demo session; without a display, the same
# analysis to a PDF in out/demo.
# Usage: bash installer/run.sh [--heavy-model] [arguments of `gaitviewer`]      without arguments: the demo session
# --heavy-model first adds the heavy pose model (28 MB, by npm), to be chosen by --pose-model heavy; the full one stays.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
heavy=""
if [ "${1:-}" = "--heavy-model" ]; then
  heavy=yes
  shift
fi
install_libraries
install_project ""
if [ -n "$heavy" ]; then
  .venv/bin/python installer/heavy.py || true # it has said why, and the full model is there
fi
if [ "$#" -gt 0 ]; then
  exec .venv/bin/gaitviewer "$@"
fi
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
  exec .venv/bin/gaitviewer view --demo
fi
.venv/bin/gaitviewer demo --out out/demo
