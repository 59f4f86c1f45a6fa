#!/usr/bin/env bash
# Starts or stops the kube-apiserver and etcd of a folder of test binaries (KUBEBUILDER_ASSETS); with the controllers
# that the cases need when kube-controller-manager is there too. Prints the path of a kubeconfig.
#
#   start-assets.sh start|stop ASSETS DATA_DIR
set -euo pipefail
verb=$1 assets=$2 data=$3
cd "$data"
if [ "$verb" = stop ]; then
    for name in kube-controller-manager kube-apiserver etcd; do
        [ ! -e $name.pid ] || kill -KILL "$(cat $name.pid)" 2>/dev/null || true
    done
    exit 0
fi
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
issue() { # NAME SUBJECT EXTENSION...
    local name=$1 subject=$2 extension options=()
    shift 2
    for extension in "$@"; do options+=(-addext "$extension"); done
    [ "$name" = ca ] || options+=(-CA ca.crt -CAkey ca.key)
    openssl req -x509 -config <(printf '[req]\ndistinguished_name=dn\n[dn]\n') -days 2 -subj "$subject" -newkey ec \
        -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$name.key" -out "$name.crt" "${options[@]}" 2>>openssl.log
}
issue ca /CN=ca basicConstraints=critical,CA:TRUE keyUsage=critical,keyCertSign
issue server /CN=server extendedKeyUsage=serverAuth subjectAltName=IP:127.0.0.1,DNS:localhost
issue admin /O=system:masters/CN=admin extendedKeyUsage=clientAuth
openssl genrsa -out sa.key 2048 2>>openssl.log
client=$(free_port) peer=$(free_port) port=$(free_port)
launch() { # NAME OPTION...
    local name=$1
    shift
    setsid "$assets/$name" "$@" </dev/null >"$name.log" 2>&1 &
    echo $! >"$name.pid"
}
launch etcd --data-dir etcd --listen-client-urls "http://127.0.0.1:$client" \
    --advertise-client-urls "http://127.0.0.1:$client" --listen-peer-urls "http://127.0.0.1:$peer" \
    --initial-advertise-peer-urls "http://127.0.0.1:$peer" --initial-cluster "default=http://127.0.0.1:$peer"
launch kube-apiserver --etcd-servers="http://127.0.0.1:$client" --bind-address=127.0.0.1 --secure-port="$port" \
    --tls-cert-file=server.crt --tls-private-key-file=server.key --client-ca-file=ca.crt --authorization-mode=RBAC \
    --service-account-issuer=https://kubernetes.default.svc.cluster.local --service-account-key-file=sa.key \
    --service-account-signing-key-file=sa.key --service-cluster-ip-range=10.96.0.0/16 --allow-privileged=true
cat >kubeconfig <<END
apiVersion: v1
kind: Config
current-context: it
contexts: [{name: it, context: {cluster: it, user: it}}]
clusters: [{name: it, cluster: {server: "https://127.0.0.1:$port", certificate-authority-data: $(base64 -w0 ca.crt)}}]
users:
- {name: it, user: {client-certificate-data: $(base64 -w0 admin.crt), client-key-data: $(base64 -w0 admin.key)}}
END
for _ in $(seq 300); do
    curl -sf --cacert ca.crt --cert admin.crt --key admin.key "https://127.0.0.1:$port/readyz" >/dev/null && break
    sleep 0.1
done
curl -sf --cacert ca.crt --cert admin.crt --key admin.key "https://127.0.0.1:$port/readyz" >/dev/null
[ ! -x "$assets/kube-controller-manager" ] || launch kube-controller-manager --kubeconfig=kubeconfig \
    --leader-elect=false --secure-port=0 --service-account-private-key-file=sa.key --root-ca-file=ca.crt
echo "$data/kubeconfig"
