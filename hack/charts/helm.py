"""Runs Helm on a chart for hack/render.sh and the tests of the charts.

    helm.py render CHART NAMESPACE [VALUES-JSON]            the objects, as a JSON list
    helm.py text CHART NAMESPACE TEMPLATE                   one rendered template as it is
    helm.py lint CHART                                      what Helm has to say, as JSON
    helm.py install|upgrade CHART KUBECONFIG NAMESPACE NAME [VALUES-JSON]
    helm.py rollback KUBECONFIG NAMESPACE NAME REVISION
    helm.py uninstall KUBECONFIG NAMESPACE NAME

Errors of Helm go to standard error, one line, with exit code 1.
"""

import json
import sys

import helm_python as helm
import yaml


def render(chart, namespace, values="{}"):
    loaded = helm.Chart.load(chart)
    values = json.loads(values)
    loaded.validate_schema(loaded.merge_values(values))
    manifests = loaded.render(values, name=loaded.name, namespace=namespace)
    texts = [text for name, text in sorted(manifests.items()) if name.endswith(".yaml")]
    objects = [document for text in texts for document in yaml.safe_load_all(text) if document]
    return {"objects": objects, "text": "".join(texts)}


def text(chart, namespace, template):
    loaded = helm.Chart.load(chart)
    manifests = loaded.render({}, name=loaded.name, namespace=namespace)
    return manifests[f"{loaded.name}/templates/{template}"]


def lint(chart):
    return helm.lint(chart, {}, strict=True)


def config(kubeconfig, namespace):
    return helm.Config(kubeconfig_path=kubeconfig, namespace=namespace)


def install(chart, kubeconfig, namespace, name, values="{}"):
    options = {"namespace": namespace, "create_namespace": True}
    return config(kubeconfig, namespace).install(chart, name, json.loads(values), **options)["name"]


def upgrade(chart, kubeconfig, namespace, name, values="{}"):
    return config(kubeconfig, namespace).upgrade(chart, name, json.loads(values), namespace=namespace)["name"]


def rollback(kubeconfig, namespace, name, revision):
    config(kubeconfig, namespace).rollback(name, version=int(revision))


def uninstall(kubeconfig, namespace, name):
    config(kubeconfig, namespace).uninstall(name)


COMMANDS = {f.__name__: f for f in (render, text, lint, install, upgrade, rollback, uninstall)}


def main():
    command, *arguments = sys.argv[1:]
    try:
        result = COMMANDS[command](*arguments)
    except helm.HelmError as error:
        print(f"{type(error).__name__}: {error}".replace("\n", " "), file=sys.stderr)
        sys.exit(1)
    if command == "text":
        sys.stdout.write(result)
    else:
        json.dump(result, sys.stdout)


main()
