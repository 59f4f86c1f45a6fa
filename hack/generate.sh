#!/usr/bin/env bash
# Generates Swift from Sources/MeshWire/Protos (messages into MeshWire, gRPC services and clients into MeshRPC) and from
# Sources/heddle-voting/Protos.
#
# Needs protoc (Debian: protobuf-compiler). The plugins are built from the exact versions that Package.swift names.
# With --check nothing is written: fails when the generated files in the tree differ.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
protos=$root/Sources/MeshWire/Protos
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

cd "$root"
export HEDDLE_TARGETS=MeshRPC
for plugin in protoc-gen-swift protoc-gen-grpc-swift-2; do
    swift build --product "$plugin" >"$out/build.log" 2>&1 || { cat "$out/build.log" >&2; exit 1; }
done
bin=$(swift build --show-bin-path)

mkdir -p "$out/messages" "$out/services" "$out/sample"
cd "$protos"
protoc --proto_path=. --plugin="$bin/protoc-gen-swift" --swift_out="$out/messages" \
    --swift_opt=Visibility=Public --swift_opt=UseAccessLevelOnImports=true ./*.proto
protoc --proto_path=. --plugin="$bin/protoc-gen-grpc-swift-2" --grpc-swift-2_out="$out/services" \
    --grpc-swift-2_opt=Visibility=Public --grpc-swift-2_opt=UseAccessLevelOnImports=true \
    --grpc-swift-2_opt=ExtraModuleImports=MeshWire \
    destination.proto identity.proto inbound.proto outbound.proto tap.proto
cd "$root/Sources/heddle-voting/Protos"
protoc --proto_path=. --plugin="$bin/protoc-gen-swift" --plugin="$bin/protoc-gen-grpc-swift-2" \
    --swift_out="$out/sample" --swift_opt=Visibility=Internal \
    --grpc-swift-2_out="$out/sample" --grpc-swift-2_opt=Visibility=Internal voting.proto

for pair in "messages:$root/Sources/MeshWire/Generated" "services:$root/Sources/MeshRPC/Generated" \
    "sample:$root/Sources/heddle-voting/Generated"; do
    made=$out/${pair%%:*}
    kept=${pair#*:}
    if [[ ${1:-} == --check ]]; then
        diff -r "$made" "$kept" >&2 || { echo "hack/generate.sh: $kept is out of date" >&2; exit 1; }
    else
        rm -rf "$kept"
        mkdir -p "$kept"
        cp "$made"/* "$kept"/
    fi
done
