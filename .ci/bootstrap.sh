#!/bin/sh
# What stands between a fresh clone and the first command: programs and libraries of the system, then .venv.
#
#   .ci/bootstrap.sh system    install what the system lacks, or print the command that does, and stop
#   .ci/bootstrap.sh venv      make .venv from requirements.lock
#   .ci/bootstrap.sh python    print the interpreter that is used
#
# PYTHON=/path/to/python      use this interpreter
# THREATMODEL_INSTALL=no      never install anything on the system, only say what is missing
set -eu

cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }
fail() {
    say "error: $1"
    shift
    for line in "$@"; do say "  $line"; done
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# Running it is the only test that counts: a name on the path may be a stub of a version manager.
recent_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        recent_enough "$PYTHON" || fail "PYTHON is '$PYTHON', which is not a Python of version 3.11 or later"
        printf '%s\n' "$PYTHON"
        return
    fi
    for name in python3.13 python3.12 python3.11 python3; do
        if have "$name" && recent_enough "$name"; then
            command -v "$name"
            return
        fi
    done
    fail "no Python of version 3.11 or later is on the path" \
        "install one (Debian 12 and later, Ubuntu 24.04 and later: sudo apt-get install python3)," \
        "or name yours: make report PYTHON=/path/to/python3.12"
}

# What is missing, in words of our own; packages() turns them into names of each distribution.
missing() {
    have dot || echo dot
    # WeasyPrint loads these by name when it starts; without the last it still runs, but warns and makes larger files.
    "$1" - <<'PY' || echo pango
import ctypes
import ctypes.util
import sys

for name in ("pango-1.0", "pangoft2-1.0", "harfbuzz-subset"):
    found = ctypes.util.find_library(name) or f"lib{name}.so.0"
    try:
        ctypes.CDLL(found)
    except OSError:
        sys.exit(1)
PY
    "$1" -c 'import ensurepip, venv' >/dev/null 2>&1 || echo venv
    if [ "$(uname -s)" = Linux ]; then
        { have fc-list && fc-list 2>/dev/null | grep -q .; } || echo fonts
        certificates || echo certificates
    fi
}

# Without a bundle of root certificates pip fails at its first connection, and its message does not say why.
certificates() {
    for bundle in "${SSL_CERT_FILE:-}" "${PIP_CERT:-}" /etc/ssl/certs/ca-certificates.crt \
        /etc/pki/tls/certs/ca-bundle.crt /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem \
        /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem; do
        if [ -n "$bundle" ] && [ -s "$bundle" ]; then return 0; fi
    done
    return 1
}

# packages MANAGER PYTHON WORD...: the packages that bring what is missing.
packages() {
    manager=$1
    version=$("$2" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    shift 2
    for word in "$@"; do
        case "$manager:$word" in
        *:dot) echo graphviz ;;
        apt-get:pango) echo libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 ;;
        dnf:pango | pacman:pango | brew:pango) echo pango harfbuzz ;;
        zypper:pango) echo libpango-1_0-0 libharfbuzz-subset0 ;;
        apk:pango) echo pango harfbuzz-subset ;;
        apt-get:fonts) echo fontconfig fonts-dejavu-core ;;
        dnf:fonts) echo fontconfig dejavu-sans-fonts ;;
        zypper:fonts) echo fontconfig dejavu-fonts ;;
        pacman:fonts) echo fontconfig ttf-dejavu ;;
        apk:fonts) echo fontconfig font-dejavu ;;
        apt-get:venv) echo "python$version-venv" ;;
        apk:venv) echo python3 py3-pip ;;
        dnf:venv) echo "python$version" ;;
        zypper:venv) echo "python$(echo "$version" | tr -d .)" ;;
        pacman:venv) echo python ;;
        brew:venv) echo "python@$version" ;;
        *:certificates) echo ca-certificates ;;
        esac
    done | tr '\n' ' ' | sed 's/ $//'
}

# command_for MANAGER PACKAGES: the exact command to type.
command_for() {
    if [ "$1" = brew ]; then
        echo "brew install $2"
        return
    fi
    sudo=
    if [ "$(id -u)" != 0 ] && have sudo; then sudo='sudo '; fi
    case "$1" in
    apt-get) line="${sudo}apt-get update && ${sudo}apt-get install --no-install-recommends $2" ;;
    dnf) line="${sudo}dnf install $2" ;;
    zypper) line="${sudo}zypper install $2" ;;
    pacman) line="${sudo}pacman -S --needed $2" ;;
    apk) line="${sudo}apk add $2" ;;
    esac
    if [ "$(id -u)" = 0 ] || [ -n "$sudo" ]; then echo "$line"; else echo "su -c '$line'"; fi
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif [ -t 0 ]; then
        sudo "$@"
    else
        sudo -n "$@"
    fi
}

may_install() {
    [ "${THREATMODEL_INSTALL:-yes}" != no ] || return 1
    [ "$(id -u)" = 0 ] && return 0
    have sudo || return 1
    # Without a terminal nobody can type a password.
    [ -t 0 ] || sudo -n true 2>/dev/null
}

prepare_system() {
    python=$(find_python)
    # shellcheck disable=SC2046 # words without spaces, one argument each
    set -- $(missing "$python")
    [ $# -gt 0 ] || return 0

    manager=
    for name in apt-get dnf zypper pacman apk brew; do
        if have "$name"; then
            manager=$name
            break
        fi
    done
    if [ -z "$manager" ]; then
        fail "the system lacks: $*" \
            "install Graphviz (the program dot), Pango 1.44 or later with HarfBuzz, one font and the venv module of Python"
    fi
    names=$(packages "$manager" "$python" "$@")
    if [ "$manager" != apt-get ] || ! may_install; then
        fail "the system lacks: $*; type this, then the same command again:" "$(command_for "$manager" "$names")"
    fi

    say "installing with apt-get (a minute or two): $names"
    log=$(mktemp)
    # Lists may be absent (an image) or old (the packages they name are gone); a source that fails may not be needed.
    as_root apt-get -qq update >"$log" 2>&1 || say "warning: apt-get update failed; trying with the lists there are"
    # shellcheck disable=SC2086 # names are many words
    if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $names \
        >>"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        fail "apt-get could not install what is missing; by hand:" "$(command_for apt-get "$names")"
    fi
    rm -f "$log"

    left=$(missing "$python" | tr '\n' ' ')
    [ -z "$left" ] || fail "still missing after the installation: $left"
}

make_venv() {
    python=$(find_python)
    venv=.venv
    # An interpreter that was upgraded or removed leaves a folder that looks right and does not run.
    if ! recent_enough "$venv/bin/python" || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
        rm -rf "$venv"
        say "making $venv with $python"
        "$python" -m venv "$venv" || fail "'$python -m venv $venv' failed; its message stands above"
    fi
    say "installing the locked dependencies into $venv (the first time this takes a minute)"
    PIP_DISABLE_PIP_VERSION_CHECK=1
    export PIP_DISABLE_PIP_VERSION_CHECK
    # Wheels only: the lock names files that need no compiler.
    "$venv/bin/python" -m pip install --quiet --require-hashes --only-binary :all: -r requirements.lock ||
        fail "pip could not install requirements.lock; its message stands above" \
            "behind a proxy or a mirror, set it up for pip first (pip config, PIP_INDEX_URL, PIP_CERT)"
    "$venv/bin/python" -m pip install --quiet --no-index --no-deps --no-build-isolation --editable . ||
        fail "pip could not install this checkout into $venv; its message stands above"
}

case "${1:-}" in
system) prepare_system ;;
venv) make_venv ;;
python) find_python ;;
*) fail "say one of: system, venv, python" ;;
esac
