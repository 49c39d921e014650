#!/usr/bin/env bash
# Installs what is missing and does the main job: the demo session from two videos to a graded PDF.
# Usage: bash installer/run.sh [arguments of `gaitviewer`]      without arguments: the demo session
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
install_libraries
install_project ""
if [ "$#" -gt 0 ]; then
  exec .venv/bin/gaitviewer "$@"
fi
.venv/bin/gaitviewer demo --out out/demo
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && command -v xdg-open >/dev/null 2>&1; then
  xdg-open out/demo/report.pdf >/dev/null 2>&1 || true
fi
