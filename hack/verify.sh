#!/usr/bin/env bash
# What is written twice is equal: the charts' copy of the definitions, the generated code's record of its sources.
. "$(dirname "$0")/lib.sh"
bad=0
if [ -d charts/heddle-crds/templates ]; then
    diff -r crds charts/heddle-crds/templates >&2 || { echo "charts/heddle-crds/templates differs from crds/" >&2; bad=1; }
fi
for list in Sources/*/Generated/SOURCES; do
    [ -e "$list" ] || continue
    sha256sum --quiet -c "$list" >&2 || { echo "$list: run hack/generate.sh" >&2; bad=1; }
done
exit "$bad"
