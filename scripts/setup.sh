#!/usr/bin/env bash
# Prepares the virtual environment $VENV with $PYTHON: "run" for the program, "test" for what tests need besides.
set -euo pipefail
cd "$(dirname "$0")/.."

purpose=${1:?run or test}
python=${PYTHON:-python3}
venv=${VENV:-.venv}
export PIP_DISABLE_PIP_VERSION_CHECK=1

say() { printf '%s\n' "$*" >&2; }

# A fresh machine has a python3 that is too old more often than none; a newer one may stand beside it.
usable() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

choose_python() {
    if [ "$python" != python3 ] || usable python3; then return; fi
    local candidate
    for candidate in python3.14 python3.13 python3.12 python3.11; do
        if usable "$candidate"; then python=$candidate; return; fi
    done
}

check_python() {
    usable "$python" && return
    local found
    found=$("$python" -V 2>/dev/null || echo "not installed")
    say "regpress needs Python 3.11 or newer, and $python is $found. Name another one, for example:"
    say "  make build PYTHON=python3.12"
    exit 1
}

version_of() { "$1" -c 'import sys; print(sys.version_info[:3])' 2>/dev/null || true; }

make_environment() {
    if [ "$(version_of "$venv/bin/python")" = "$(version_of "$python")" ] && "$venv/bin/python" -m pip -V >/dev/null 2>&1
    then
        return
    fi
    say "Creating $venv with $("$python" -V)"
    "$python" -m venv --clear "$venv"
}

install() { "$venv/bin/python" -m pip install --quiet "$@"; }

if [ "$purpose" = run ]; then
    command -v "$python" >/dev/null || scripts/system-packages.sh required python
    choose_python
    check_python
    PYTHON=$python scripts/system-packages.sh required venv git
    make_environment
    say "Installing regpress into $venv"
    install --editable .
else
    say "Installing what the tests need into $venv"
    "$venv/bin/python" scripts/requirements.py test check > "$venv/requirements-test.txt"
    install --requirement "$venv/requirements-test.txt"
    scripts/system-packages.sh optional chromium nginx
fi
