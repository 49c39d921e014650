# Sourced by run.sh and test.sh: system libraries, a virtual environment, the project's packages.
# Does nothing that is already done, so that a second run is quick.

here="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$here"

# What Qt and OpenCV load at run time on Debian and Ubuntu.
libraries=(libegl1 libgl1 libglib2.0-0 libdbus-1-3 libfontconfig1 libxkbcommon0 libxkbcommon-x11-0
  libx11-xcb1 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0
  libxcb-render-util0 libxcb-shape0 libxcb-shm0 libxcb-sync1 libxcb-xfixes0 libxcb-xkb1)

say() { printf '%s\n' "$*" >&2; }

install_libraries() {
  local wanted=("${libraries[@]}" "$@") missing=() name
  command -v dpkg-query >/dev/null 2>&1 || return 0
  for name in "${wanted[@]}"; do
    # Newer releases carry some of these under a name with "t64" at its end.
    dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'ok installed' && continue
    dpkg-query -W -f='${Status}' "${name}t64" 2>/dev/null | grep -q 'ok installed' && continue
    missing+=("$name")
  done
  [ "${#missing[@]}" -eq 0 ] && return 0
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
      say "These system packages are missing and sudo is not available: ${missing[*]}"
      say "Ask an administrator to run: apt-get install ${missing[*]}"
      exit 1
    fi
    as_root=(sudo)
  fi
  say "Installing system libraries: ${missing[*]}"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
}

find_python() {
  local name
  for name in ${GAITVIEWER_PYTHON:-} python3.11 python3.12 python3; do
    if command -v "$name" >/dev/null 2>&1 &&
      "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2>/dev/null; then
      printf '%s' "$name"
      return 0
    fi
  done
  say "Python 3.11 or 3.12 is needed and was not found. Set GAITVIEWER_PYTHON to its path."
  exit 1
}

install_project() {
  local extra="$1" python stamp state
  python="$(find_python)"
  [ -x .venv/bin/python ] || "$python" -m venv .venv
  stamp=".venv/.installed-${extra:-run}"
  state="$(cat pyproject.toml installer/constraints.txt gaitviewer/__init__.py | sha256sum | cut -d' ' -f1) $(pwd)"
  if [ "$(cat "$stamp" 2>/dev/null)" != "$state" ]; then
    say "Installing Python packages (some minutes the first time) ..."
    .venv/bin/python -m pip install --quiet --disable-pip-version-check \
      --constraint installer/constraints.txt --editable ".${extra:+[$extra]}"
    printf '%s' "$state" >"$stamp"
  fi
}
