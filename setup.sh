#!/usr/bin/env bash
# Make .venv with the locked packages. Needs Python >= 3.11 and nothing else; says nothing and does
# nothing when all is there already.
#
#   ./setup.sh          what the service needs
#   ./setup.sh --dev    and what the tests need: more packages, Postgres, Redis, Chromium
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
venv=$root/.venv
# What .venv was made from; it is written last. Half-made environments carry the other mark.
stamp=$venv/.made-from
unfinished=$venv/.unfinished

say() { printf 'setup: %s\n' "$*" >&2; }
die() {
    say "$*"
    exit 1
}

case ${1-} in
'') wanted=base requirements=$root/requirements.txt ;;
--dev) wanted=dev requirements=$root/requirements-dev.txt ;;
*) die "unknown argument $1; there is only --dev" ;;
esac

# The place belongs to it, because the programs in .venv carry its path and break when it moves.
sums=$(cksum <"$root/requirements.txt")
made_for_service="$root|$sums"
made_for_tests="$made_for_service|$(cksum <"$root/requirements-dev.txt")"

is_made() {
    [[ -x $venv/bin/python && -f $stamp && ! -e $unfinished ]] || return 1
    local made_from
    made_from=$(<"$stamp")
    [[ $made_from == "$made_for_tests" ]] && return
    # The packages for tests hold those of the service, so either will do for the service.
    [[ $wanted == base && ($made_from == "$made_for_service" || $made_from == "$made_for_service|"*) ]]
}

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    local name
    for name in python3.13 python3.12 python3.11 python3 python; do
        # The name alone proves nothing: version managers put empty shims on the PATH.
        if command -v "$name" >/dev/null && is_new_enough "$name"; then
            command -v "$name"
            return
        fi
    done
    local found="none was found"
    if command -v python3 >/dev/null; then
        found="python3 is $(python3 -c 'import platform; print(platform.python_version())' 2>&1 | tail -n 1)"
    fi
    die "Python 3.11 or newer is needed, but $found. Install it (Debian: apt-get install python3) and run this again."
}

# apt_install WHAT PACKAGE...: says what it does; fails when there is no apt-get or no right to use it.
apt_install() {
    local what=$1
    shift
    command -v apt-get >/dev/null || return 1
    local as_root=()
    if [[ $(id -u) != 0 ]]; then
        command -v sudo >/dev/null || return 1
        as_root=(sudo)
        # Without a terminal nobody could type a password.
        [[ -t 0 ]] || as_root=(sudo -n)
    fi
    say "$what is missing; installing $* with apt-get"
    # A fresh machine has no package lists; an old one may have stale ones that still serve.
    "${as_root[@]}" apt-get update -qq >&2 || say "apt-get update failed; trying with the lists there are"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >&2 </dev/null
}

make_venv() {
    local python version
    python=$(find_python)
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        apt_install "Python's venv module" "python$version-venv" ||
            apt_install "Python's venv module" python3-venv ||
            die "Python's venv module is missing. Install it (Debian: apt-get install python3-venv) and run this again."
    fi
    say "making .venv with Python $version"
    rm -rf -- "$venv"
    mkdir -- "$venv"
    : >"$unfinished"
    "$python" -m venv "$venv" >&2 || die "$python could not make a virtual environment in $venv"
}

make() {
    if [[ -e $unfinished ]]; then
        say ".venv was left half-made; making it again"
        make_venv
    elif [[ ! -x $venv/bin/python ]] || ! is_new_enough "$venv/bin/python" ||
        { [[ -f $stamp ]] && [[ $(<"$stamp") != "$root|"* ]]; }; then
        make_venv
    fi
    : >"$unfinished"
    say "installing $(basename -- "$requirements") into .venv (this takes a minute)"
    # pip warns about much that harms nobody; what it said matters only when it failed.
    if ! "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
        --require-hashes -r "$requirements" >"$venv/pip.log" 2>&1; then
        tail -n 20 -- "$venv/pip.log" >&2
        die "pip could not install $(basename -- "$requirements"); its lines above say why. Run this again when that is mended."
    fi
    if [[ $wanted == dev ]]; then
        printf '%s\n' "$made_for_tests" >"$stamp"
    else
        printf '%s\n' "$made_for_service" >"$stamp"
    fi
    rm -f -- "$unfinished"
    say "done"
}

has_any() {
    local name
    for name; do command -v "$name" >/dev/null && return; done
    return 1
}

# need_part NAME PACKAGE PROGRAM...: a part that cannot be had is named here and fails its tests.
need_part() {
    local name=$1 package=$2
    shift 2
    has_any "$@" && return
    apt_install "$name" "$package" && has_any "$@" && return
    say "$name is missing and could not be installed; the tests that need it will fail. Install it (Debian: apt-get install $package)."
}

has_turbojpeg() { "$venv/bin/python" -c 'import sys; from app.imaging.rungs import planes; sys.exit(planes.load_library() is None)'; }

# The service runs without it, and takes a fifth more processor time for a JPEG.
get_turbojpeg() {
    cd -- "$root"
    has_turbojpeg && return
    # Nobody is asked for a password for this.
    if [[ $(id -u) == 0 ]] && apt_install "libturbojpeg, which makes JPEGs a fifth cheaper," libturbojpeg0; then
        has_turbojpeg && return
    fi
    say "libturbojpeg is missing; all works without it, but JPEGs cost a fifth more time (Debian: apt-get install libturbojpeg0, macOS: brew install jpeg-turbo)"
}

# Chromium without its windows takes half the time of the page's tests. Nobody is asked for a password
# for it, and where it cannot be had the usual one will do.
get_browser() {
    local whole=(chromium chromium-browser google-chrome)
    has_any chromium-headless-shell && return
    if [[ $(id -u) == 0 ]] && { ! has_any "${whole[@]}" || apt-cache show chromium-headless-shell >/dev/null 2>&1; }; then
        apt_install "Chromium without windows" chromium-headless-shell && return
    fi
    need_part Chromium chromium "${whole[@]}"
}

make_once() {
    is_made && return
    # Two runs at the same time: the second waits and then finds the work done. The folder itself
    # is the lock, so no lock file stays behind.
    exec 9<"$root"
    if command -v flock >/dev/null && ! flock -n 9; then
        say "waiting for another setup in this folder"
        flock 9
    fi
    if ! is_made; then
        make
        get_turbojpeg
    fi
    exec 9<&-
}

make_once
if [[ $wanted == dev ]]; then
    # Debian keeps Postgres's own programs off the PATH.
    for folder in /usr/lib/postgresql/*/bin; do PATH=$PATH:$folder; done
    need_part Postgres postgresql postgres || true
    need_part Redis redis-server redis-server || true
    get_turbojpeg
    get_browser || true
fi
