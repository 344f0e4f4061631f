#!/usr/bin/env python3
"""A session of the official Python client against `lostwrite serve`, its answers checked.

    python tests/serve/session.py target/release/lostwrite

Needs the package `kubernetes` (`.ci/run` has the version). The client is used as it comes."""
import subprocess
import sys
import tempfile
import threading

from kubernetes import client, config, dynamic, watch
from kubernetes.client.exceptions import ApiException

GROUP, VERSION, PLURAL = "demo.example.com", "v1", "widgets"
CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": f"{PLURAL}.{GROUP}"},
    "spec": {
        "group": GROUP,
        "scope": "Namespaced",
        "names": {"plural": PLURAL, "singular": "widget", "kind": "Widget"},
        "versions": [{
            "name": VERSION, "served": True, "storage": True, "subresources": {"status": {}},
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                "spec": {"type": "object", "properties": {"size": {"type": "integer"}}},
                "status": {"type": "object", "properties": {"phase": {"type": "string"}}},
            }}},
        }],
    },
}


def widget(name, **rest):
    return {"apiVersion": f"{GROUP}/{VERSION}", "kind": "Widget", "metadata": {"name": name}, **rest}


def refused(code, call, *arguments, **options):
    try:
        call(*arguments, **options)
    except ApiException as error:
        assert error.status == code, (error.status, error.body)
        return error
    raise AssertionError(f"{call.__name__} should have been answered {code}")


def custom_resources(api):
    where = (GROUP, VERSION, "default", PLURAL)
    made = api.create_namespaced_custom_object(*where, widget("a", spec={"size": 1}))
    assert made["metadata"]["generation"] == 1
    refused(409, api.create_namespaced_custom_object, *where, widget("a"))
    stale = api.get_namespaced_custom_object(*where, "a")
    patched = api.patch_namespaced_custom_object(*where, "a", {"spec": {"size": 2}})
    assert patched["spec"]["size"] == 2 and patched["metadata"]["generation"] == 2
    refused(409, api.replace_namespaced_custom_object, *where, "a", stale)
    refused(422, api.patch_namespaced_custom_object, *where, "a", {"spec": {"size": "x"}})
    patched["status"] = {"phase": "Ready"}
    assert "status" not in api.replace_namespaced_custom_object(*where, "a", patched)
    fresh = api.get_namespaced_custom_object(*where, "a")
    fresh["status"] = {"phase": "Ready"}
    done = api.replace_namespaced_custom_object_status(*where, "a", fresh)
    assert done["status"] == {"phase": "Ready"} and done["metadata"]["generation"] == 2
    listed = api.list_namespaced_custom_object(*where, limit=1)
    assert [item["metadata"]["name"] for item in listed["items"]] == ["a"]


def watching(api):
    where = (GROUP, VERSION, "default", PLURAL)
    begin = api.list_namespaced_custom_object(*where)["metadata"]["resourceVersion"]

    def write():
        api.create_namespaced_custom_object(*where, widget("w"))
        api.patch_namespaced_custom_object(*where, "w", {"spec": {"size": 7}})
        api.delete_namespaced_custom_object(*where, "w")

    writer = threading.Timer(0.3, write)
    writer.start()
    stream = watch.Watch()
    seen = []
    options = {"resource_version": begin, "timeout_seconds": 20}
    for event in stream.stream(api.list_namespaced_custom_object, *where, **options):
        seen.append((event["type"], event["object"]["metadata"]["name"]))
        if len(seen) == 3:
            stream.stop()
    writer.join()
    assert seen == [("ADDED", "w"), ("MODIFIED", "w"), ("DELETED", "w")], seen


def built_in(core):
    made = core.create_namespaced_config_map(
        "default", client.V1ConfigMap(metadata=client.V1ObjectMeta(name="c"), data={"a": "b"}))
    assert made.data == {"a": "b"} and made.metadata.uid
    patched = core.patch_namespaced_config_map("c", "default", {"data": {"x": "y"}})
    assert patched.data == {"a": "b", "x": "y"}
    assert [it.metadata.name for it in core.list_namespaced_config_map("default").items] == ["c"]
    core.delete_namespaced_config_map("c", "default")
    refused(404, core.read_namespaced_config_map, "c", "default")


def applying(api_client):
    widgets = dynamic.DynamicClient(api_client).resources.get(api_version=f"{GROUP}/{VERSION}",
                                                              kind="Widget")
    mine = {"field_manager": "one", "namespace": "default"}
    other = {"field_manager": "two", "namespace": "default"}
    body = widget("s", spec={"size": 1})
    assert widgets.server_side_apply(body, **mine).spec.size == 1
    body["spec"]["size"] = 2
    try:
        widgets.server_side_apply(body, **other)
        raise AssertionError("two managers, one field: a conflict")
    except dynamic.exceptions.ConflictError:
        pass
    assert widgets.server_side_apply(body, force_conflicts=True, **other).spec.size == 2


def main():
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["serve", "--listen", "127.0.0.1:0", "--kubeconfig", f"{folder}/kubeconfig"]
        server = subprocess.Popen([sys.argv[1], *arguments], stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout.readline().startswith("ready ")
            config.load_kube_config(f"{folder}/kubeconfig")
            client.ApiextensionsV1Api().create_custom_resource_definition(CRD)
            custom_resources(client.CustomObjectsApi())
            watching(client.CustomObjectsApi())
            built_in(client.CoreV1Api())
            applying(client.ApiClient())
        finally:
            server.terminate()
        assert server.wait(10) == 0
    print("the Python client's session went as it would on a cluster")


main()
