#!/bin/sh
# What the portal is made of, as CycloneDX (ECMA-424) from the hashed lock: tools/sbom.sh [FILE]. The same lock gives
# the same bytes, on any machine.
set -eu
cd "$(dirname "$0")/.."

out=${1:-var/sbom.cdx.json}
mkdir -p "$(dirname "$out")"
# Without index addresses: who installs from a mirror makes the same list.
PYTHONWARNINGS=ignore .venv/bin/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --mc-type application \
  --short-PURLs --spec-version 1.6 --output-reproducible --no-validate --output-format JSON --output-file "$out"
echo "$out"
