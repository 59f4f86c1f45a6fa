#!/usr/bin/env bash
# What is written twice is equal: generated code and its sources, the plain manifests and the chart, figures and their
# results.
. "$(dirname "$0")/lib.sh"
hack/generate.sh --check
hack/render.sh --check
hack/bench/suite/document.py --check
