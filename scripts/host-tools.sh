#!/usr/bin/env bash
# Prepares what `make test-hosts` drives: web servers of the system, a clock to set, rule engines of hosts from npm,
# clients and an S3 emulation from PyPI, each in an environment of its own below $VENV/hosts. What cannot be had is
# named, and the tests that need it are skipped with their reason; nothing here fails.
set -uo pipefail
cd "$(dirname "$0")/.."

venv=${VENV:-.venv}
tools=$venv/hosts
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
mkdir -p "$tools"

say() { printf '%s\n' "$*" >&2; }

# An environment NAME with Python PYTHON that holds REQUIREMENTS; made anew when they change.
environment() {
    local name=$1 python=$2 folder=$tools/$1 wanted
    shift 2
    wanted="$python $*"
    [ "$(cat "$folder/.ready" 2>/dev/null)" = "$wanted" ] && return
    command -v "$python" >/dev/null && "$python" -c '' 2>/dev/null || { say "No $python: tests of $name are skipped"; return; }
    say "Installing $* into $folder"
    rm -rf "$folder"
    if "$python" -m venv "$folder" >/dev/null 2>&1 &&
        "$folder/bin/python" -m pip install --quiet --no-warn-script-location "$@" >"$folder/install.log" 2>&1; then
        echo "$wanted" >"$folder/.ready"
    else
        say "  could not be installed ($folder/install.log): tests of $name are skipped"
    fi
}

node_tools() {
    local folder=$tools/node
    command -v npm >/dev/null || { say "No npm: tests of what hosts publish for Node are skipped"; return; }
    cmp -s tests/hosts/node/package.json "$folder/package.json" && [ -e "$folder/.ready" ] && return
    say "Installing what hosts publish for Node into $folder"
    mkdir -p "$folder"
    rm -f "$folder/.ready"
    cp tests/hosts/node/package.json "$folder/"
    # Scripts of packages are not run: one of them would build a program that nothing here needs.
    if npm install --prefix "$folder" --ignore-scripts --no-audit --no-fund >"$folder/install.log" 2>&1; then
        touch "$folder/.ready"
    else
        say "  could not be installed ($folder/install.log): tests of what hosts publish for Node are skipped"
    fi
}

scripts/system-packages.sh optional nginx apache2 caddy faketime || true
node_tools &
python=$venv/bin/python
environment moto "$python" 'moto[s3,server]==5.2.5'
environment lightnow-cli "$python" lightnow-cli==1.6.0
environment apm-cli "$python" apm-cli==0.35.0
environment langchain-mcp-registry "$python" langchain-mcp-registry==0.1.4
environment mcp-lookup "$python" mcp-lookup==0.5.2
environment mcp-registry-cli "$python" mcp-registry-cli==0.3.4
newest=python3
for candidate in python3.13 python3.14 "$HOME"/.pyenv/versions/3.1[34]*/bin/python3; do
    if "$candidate" -c '' 2>/dev/null; then newest=$candidate; break; fi
done
if "$newest" -c 'import sys; sys.exit(sys.version_info < (3, 13))' 2>/dev/null; then
    environment mcp-registry-sdk "$newest" mcp-registry-sdk==0.1.0
else
    say "No Python 3.13: tests of mcp-registry-sdk are skipped"
fi
wait
