#!/bin/sh
# Installs the oldest versions that pyproject.toml allows into a folder of their own, and runs the fast tests on them.
# usage: tests/oldest_versions.sh [FOLDER [pytest options]]. Needs uv; indexes are those of its own settings (UV_*).
set -eu
cd "$(dirname "$0")/.."
folder="${1:-.venv-oldest}"
[ $# -gt 0 ] && shift
[ -e "$folder/pyvenv.cfg" ] && rm -r "$folder"
uv venv --quiet --seed --python 3.11 "$folder"
oldest="$folder/oldest.txt"
uv pip compile --quiet --resolution lowest-direct --python-version 3.11 --no-header \
    --extra faiss --extra redis --extra openvino --output-file "$oldest" pyproject.toml
uv pip install --quiet --python "$folder/bin/python" --constraint "$oldest" --editable '.[dev]'
exec "$folder/bin/python" -m pytest -q "$@"
