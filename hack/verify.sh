#!/usr/bin/env bash
# What is written twice is equal: generated code and its sources, the charts' copy of the definitions, figures and their
# results.
. "$(dirname "$0")/lib.sh"
hack/generate.sh --check
if [ -d charts/heddle-crds/templates ]; then
    diff -r crds charts/heddle-crds/templates >&2 || die "charts/heddle-crds/templates differs from crds/; copy it"
fi
hack/bench/suite/document.py --check
