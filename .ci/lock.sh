#!/bin/sh
# Write the locks anew: exact versions and the hashes of every file of each, for Python 3.11 and later on every platform.
# The resolver lives in a folder of its own: nobody else needs it.
#
#   .ci/lock.sh                 keep the locked versions where they still fit
#   .ci/lock.sh --upgrade       take the newest (or --upgrade-package NAME)
set -eu

cd "$(dirname "$0")/.."

resolver="uv==0.13.9"
peer="pytm==1.4.*"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$(.ci/bootstrap.sh python)" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$resolver"

# lock FILE WHAT ARGUMENT...: resolve into FILE, with WHAT as the first line of its heading.
lock() {
    file=$1
    what=$2
    shift 2
    # The resolver prefers the versions it finds in its output file.
    if [ -e "$file" ]; then cp "$file" "$folder/lock"; else rm -f "$folder/lock"; fi
    "$folder/venv/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
        --no-emit-index-url --no-emit-find-links --annotation-style line --output-file "$folder/lock" "$@"
    if grep -q '://' "$folder/lock"; then
        echo "error: $file would name an address; hashes alone must tell the files apart" >&2
        exit 1
    fi
    {
        echo "# Made by 'make lock': $what"
        echo "# Exact versions, with the hashes of all files of each, so that it holds on every platform."
        cat "$folder/lock"
    } >"$folder/new"
    mv "$folder/new" "$file"
}

lock requirements.lock "what runs the tool, and the tools of its development, from pyproject.toml." \
    --extra dev "$@" pyproject.toml
echo "$peer" | lock benchmarks/peer.lock "the tool that 'make bench' measures ours against." "$@" -
