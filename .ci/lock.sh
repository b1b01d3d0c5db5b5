#!/bin/sh
# Write requirements.lock anew from pyproject.toml: exact versions and the hashes of every file of each, for Python 3.11
# and later on every platform. The resolver lives in a folder of its own: nobody else needs it.
#
#   .ci/lock.sh                 keep the locked versions where they still fit
#   .ci/lock.sh --upgrade       take the newest (or --upgrade-package NAME)
set -eu

cd "$(dirname "$0")/.."

resolver="uv==0.13.9"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$(.ci/bootstrap.sh python)" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$resolver"
{
    echo "# Made by 'make lock' from pyproject.toml: what runs the tool, and the tools of its development (extra 'dev')."
    echo "# Exact versions, with the hashes of all files of each, so that it holds on every platform."
    if [ -e requirements.lock ]; then grep -v '^#' requirements.lock; fi
} >"$folder/requirements.lock"
"$folder/venv/bin/uv" pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes \
    --no-header --no-emit-index-url --no-emit-find-links --annotation-style line \
    --output-file "$folder/requirements.lock" "$@" pyproject.toml
if grep -q '://' "$folder/requirements.lock"; then
    echo "error: the lock names an address; hashes alone must tell the files apart" >&2
    exit 1
fi
{
    echo "# Made by 'make lock' from pyproject.toml: what runs the tool, and the tools of its development (extra 'dev')."
    echo "# Exact versions, with the hashes of all files of each, so that it holds on every platform."
    cat "$folder/requirements.lock"
} >requirements.lock.new
mv requirements.lock.new requirements.lock
