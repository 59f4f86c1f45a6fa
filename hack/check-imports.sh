#!/usr/bin/env bash
# Base and pure targets import the standard library, swift-collections and lower layers only; the proxy's targets never
# see the control plane's; no two adapters and no two assemblies import each other.
. "$(dirname "$0")/lib.sh"
bad=0
imports() { # imports TARGET: the modules that its sources import
    find "Sources/$1" -name '*.swift' -not -path '*/Generated/*' -print0 2>/dev/null |
        xargs -0 -r grep -hoE '^\s*(@[a-z_]+(\([a-z]+\))? )*((public|internal|package|private|fileprivate) )?import (struct |class |enum |func |protocol )?[A-Za-z_]+' |
        awk '{print $NF}' | sort -u
}
refuse() { # refuse TARGET PATTERN REASON
    local found
    found=$(imports "$1" | grep -xE "$2" || true)
    [ -z "$found" ] && return 0
    printf '%s imports %s: %s\n' "$1" "$(echo $found)" "$3" >&2
    bad=1
}
outside='Foundation|FoundationEssentials|Dispatch|Glibc|NIO.*|GRPC.*|Logging|Metrics|Configuration|AsyncHTTPClient|Hummingbird.*|X509|Crypto|Yams|Subprocess'
for target in MeshModel MeshResources MeshPolicy MeshCompiler MeshBalance MeshCodec MeshControl MeshRollout; do
    refuse "$target" "$outside" "base and pure targets do no I/O"
done
# Protobuf's bytes are Foundation's Data; nothing else of it is used there.
refuse MeshWire "$(tr '|' '\n' <<<"$outside" | grep -v '^Foundation' | paste -sd '|')" "base and pure targets do no I/O"
for target in MeshReactor MeshSecure MeshProxy heddle-proxy; do
    refuse "$target" 'MeshResources|MeshCompiler|MeshControl|MeshKubernetes|MeshRPC|MeshController|Foundation|Dispatch|NIO[A-Z].*|GRPC.*' \
        "the proxy knows compiled tables only, and its sockets are MeshReactor's"
done
adapters='MeshKubernetes MeshRPC MeshIdentity MeshAdmin MeshReactor MeshSecure MeshRedirect'
for target in $adapters; do
    refuse "$target" "$(echo $adapters | tr ' ' '\n' | grep -vx "$target" | paste -sd '|')" "no two adapters import each other"
done
refuse MeshController 'MeshProxy|MeshLocal|MeshCommands' "no two assemblies import each other"
refuse MeshProxy 'MeshController|MeshLocal|MeshCommands' "no two assemblies import each other"
refuse MeshLocal 'MeshController|MeshProxy|MeshCommands' "no two assemblies import each other"
refuse MeshCommands 'MeshController|MeshProxy' "commands may start MeshLocal only"
exit "$bad"
