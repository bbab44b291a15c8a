#!/usr/bin/env bash
# Makes sure that programs of the system are there: system-packages.sh required|optional TOOL…
#
# As root, or with a sudo that asks for no password, missing ones are installed where there is apt-get. Otherwise the
# line to run is printed: a required program that is missing is an error, an optional one only skips some tests.
# SYSTEM_PACKAGES=no never installs anything.
set -euo pipefail

need=${1:?required or optional}
shift

say() { printf '%s\n' "$*" >&2; }
has() { command -v "$1" >/dev/null 2>&1; }

present() {
    case $1 in
        chromium) has chromium || has chromium-browser || has google-chrome || has google-chrome-stable ||
                  [ -d "/Applications/Google Chrome.app" ] ;;
        nginx | apache2) has "$1" || [ -x "/usr/sbin/$1" ] ;;
        python) has "${PYTHON:-python3}" ;;
        venv) "${PYTHON:-python3}" -c 'import ensurepip, venv' 2>/dev/null ;;
        *) has "$1" ;;
    esac
}

package_of() {
    case $1 in
        python) printf '%s\n' "${PYTHON:-python3}" ;;
        # Debian keeps ensurepip in a package of its own for each Python version.
        venv) "${PYTHON:-python3}" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])' ;;
        *) printf '%s\n' "$1" ;;
    esac
}

missing=() packages=()
for tool in "$@"; do
    if ! present "$tool"; then
        missing+=("$tool")
        packages+=("$(package_of "$tool")")
    fi
done
[ ${#missing[@]} -gt 0 ] || exit 0

give_up() {
    if [ "$need" = optional ]; then
        say "Not there: ${missing[*]}. Tests that need them are skipped. To run them too:"
    else
        say "Not there: ${missing[*]}. Install it, then run make again:"
    fi
    if has apt-get; then
        say "  sudo apt-get update && sudo apt-get install -y ${packages[*]}"
    else
        say "  the packages named ${packages[*]}, or as your system calls them"
    fi
    [ "$need" = optional ] || exit 1
    exit 0
}

as_root=()
if [ "$(id -u)" != 0 ]; then
    has sudo && sudo -n true 2>/dev/null || give_up
    as_root=(sudo -n)
fi
has apt-get && [ "${SYSTEM_PACKAGES:-yes}" != no ] || give_up

# A web server that comes with the package must not begin to serve on this machine: Debian asks this file first.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap '${as_root[@]+"${as_root[@]}"} rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | ${as_root[@]+"${as_root[@]}"} tee "$policy" >/dev/null
    ${as_root[@]+"${as_root[@]}"} chmod 755 "$policy"
fi

apt() { ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" >/dev/null 2>&1; }
install() { apt install -y --no-install-recommends "$1"; }

# One by one: not every system calls them the same, and one unknown name would stop all.
updated=no
for package in "${packages[@]}"; do
    say "Installing the system package $package"
    install "$package" && continue
    [ "$updated" = yes ] || apt update || true
    updated=yes
    install "$package" || say "  apt-get could not install it"
done

remaining=()
for tool in "${missing[@]}"; do present "$tool" || remaining+=("$tool"); done
missing=(${remaining[@]+"${remaining[@]}"})
[ ${#missing[@]} -eq 0 ] || give_up
