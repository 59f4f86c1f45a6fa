#!/usr/bin/env bash
# Renders charts/heddle with its defaults into config/control-plane, for those who apply plain manifests.
#
# With --check nothing is written: fails when the manifests in the tree differ.
. "$(dirname "$0")/lib.sh"
need_python "${test_python[@]}"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
cp config/control-plane/00-namespace.yaml "$out"
for pair in rbac:10-rbac controller:20-controller webhooks:30-webhooks; do
    "$HEDDLE_PYTHON" hack/charts/helm.py text charts/heddle heddle "${pair%%:*}.yaml" >"$out/${pair#*:}.yaml"
done
if [ "${1:-}" = --check ]; then
    diff -r "$out" config/control-plane >&2 || die "config/control-plane is not what charts/heddle renders; run hack/render.sh"
else
    cp "$out"/*.yaml config/control-plane/
fi
