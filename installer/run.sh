#!/usr/bin/env bash
# Installs what is missing and does the main job: the window on the demo session; without a display, the same
# analysis to a PDF in out/demo.
# Usage: bash installer/run.sh [arguments of `gaitviewer`]      without arguments: the demo session
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
install_libraries
install_project ""
if [ "$#" -gt 0 ]; then
  exec .venv/bin/gaitviewer "$@"
fi
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
  exec .venv/bin/gaitviewer view --demo
fi
.venv/bin/gaitviewer demo --out out/demo
