# Shared by scripts/demo and scripts/test: brings this checkout to done. Sourced, not run.
# Every step leaves a stamp of what it was made from, so that a second run costs nothing and a broken one resumes.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
ROOT=$PWD
VENV=$ROOT/.venv
export HOME=${HOME:-$ROOT}
export PIP_DISABLE_PIP_VERSION_CHECK=1
export VOICEAGENT_MODELS=${VOICEAGENT_MODELS:-$ROOT/models}
export VOICEAGENT_ASTERISK=${VOICEAGENT_ASTERISK:-$ROOT/.asterisk}

say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }
die() { say "$*"; exit 1; }

# need_packages PACKAGE:PROBE...  Debian packages whose probe (a command, or a path with wildcards) is not there.
need_packages() {
  local missing=() entry package probe
  for entry in "$@"; do
    package=${entry%%:*} probe=${entry#*:}
    if [[ $probe == /* ]]; then compgen -G "$probe" >/dev/null || missing+=("$package")
    else command -v "$probe" >/dev/null || missing+=("$package"); fi
  done
  [[ ${#missing[@]} -eq 0 ]] && return 0
  [[ $(id -u) -eq 0 ]] || die "missing system packages: run as root once: apt-get install ${missing[*]}"
  command -v apt-get >/dev/null || die "install these by your system's means, then run again: ${missing[*]}"
  say "installing Debian packages: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q >&2
  apt-get install -y -q --no-install-recommends "${missing[@]}" >&2
}

# A Python that the locked wheels exist for; its venv module is installed where the system splits it off.
need_python() {
  local candidate
  for candidate in python3.11 python3.12 python3; do
    command -v "$candidate" >/dev/null || continue
    "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null || continue
    PYTHON=$candidate
    "$candidate" -c 'import venv, ensurepip' 2>/dev/null && return 0
    need_packages "$("$candidate" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'):/nonexistent"
    return 0
  done
  need_packages python3.11:python3.11 python3.11-venv:/usr/lib/python3.11/ensurepip/__init__.py
  PYTHON=python3.11
}

# The virtual environment with what requirements.lock names, by hash, and this checkout in it.
need_venv() {
  local stamp
  stamp=$(cat requirements.lock pyproject.toml | sha256sum | cut -d' ' -f1)
  [[ -x $VENV/bin/voiceagent && $(cat "$VENV/.stamp" 2>/dev/null) == "$stamp" ]] && return 0
  need_python
  # One that was interrupted in the making has a python and no pip.
  "$VENV/bin/python" -m pip --version >/dev/null 2>&1 || {
    say "making .venv with $PYTHON"
    "$PYTHON" -m venv --clear "$VENV"
  }
  say "installing Python packages (requirements.lock)"
  "$VENV/bin/python" -m pip install --quiet --require-hashes -r requirements.lock
  "$VENV/bin/python" -m pip install --quiet --no-deps --no-build-isolation -e .
  echo "$stamp" >"$VENV/.stamp"
}

need_asterisk() {
  need_packages debian-archive-keyring:/usr/share/keyrings/debian-archive-keyring.gpg
  scripts/asterisk
}

# need_models LANGUAGE [OPTIONS]  Speech models and voices, and that language's phrase bank (see models/README.md).
# Rendered phrases are kept with the downloads, so that the next checkout finds them.
need_models() {
  local language=$1 shared=${XDG_CACHE_HOME:-${HOME:-$ROOT}/.cache}/voiceagent/phrases
  shift
  mkdir -p "$shared" "$VOICEAGENT_MODELS"
  [[ -e $VOICEAGENT_MODELS/phrases ]] || ln -sfn "$shared" "$VOICEAGENT_MODELS/phrases"
  "$VENV/bin/voiceagent" models install >&2
  [[ $# -eq 0 ]] || "$VENV/bin/voiceagent" models install "$@" >&2
  "$VENV/bin/voiceagent" models install --bank "$language" >&2
}
