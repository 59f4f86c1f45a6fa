#!/usr/bin/env bash
# What the compiler does not refuse: unstructured tasks, crashes on input, sleeping tests, oversized files, unsafe code
# outside the two targets that may hold it.
. "$(dirname "$0")/lib.sh"
bad=0
sources() { git ls-files --cached --others --exclude-standard "$@" | grep -v '/Generated/' | grep '\.swift$' || true; }
refuse() { # refuse PATTERN REASON FILES...: reports every line that matches, comments aside
    local pattern=$1 reason=$2 found
    shift 2
    [ $# -gt 0 ] || return 0
    found=$(grep -nHE "$pattern" "$@" | grep -vE '^[^:]+:[0-9]+:\s*//' || true)
    [ -z "$found" ] && return 0
    printf '%s\n    %s\n' "$found" "$reason" >&2
    bad=1
}
mapfile -t code < <(sources 'Sources/*')
mapfile -t tests < <(sources 'Tests/*')
mapfile -t guarded < <(sources 'Sources/*' | grep -vE '^Sources/(MeshReactor|MeshSecure)/')
refuse '\bTask(\.detached)?( \{|\()' 'tasks are structured: children of a group or a Service' "${code[@]}"
refuse '\bfatalError\(' 'input never crashes the program; precondition is for our own bugs' "${code[@]}"
refuse 'try!|\bas! ' 'handle the error or prove it away with types' "${code[@]}" "${tests[@]}"
refuse 'catch \{\s*\}' 'an error is handled or passed on, not dropped' "${code[@]}"
refuse '\b(usleep|Thread\.sleep)\(' 'wait for a condition, not for a time' "${code[@]}" "${tests[@]}"
refuse '(^|[ (=])unsafe ' 'unsafe code lives in MeshReactor and MeshSecure' "${guarded[@]}"
refuse 'Ounchecked|TODO|FIXME|XXX' 'finish it or say it in the issue' "${code[@]}" "${tests[@]}"
for file in "${code[@]}"; do
    lines=$(wc -l <"$file")
    [ "$lines" -le 600 ] || { echo "$file has $lines lines; 600 is the limit" >&2; bad=1; }
done
for file in "${tests[@]}"; do
    lines=$(wc -l <"$file")
    [ "$lines" -le 800 ] || { echo "$file has $lines lines; 800 is the limit" >&2; bad=1; }
done
exit "$bad"
