"""A controller with the official Python client: keeps one condition of each Widget.

    official.py CONDITION merge|locked MEASURE_MS
"""

import sys
import time

from kubernetes import client, config, watch

CONDITION, WRITE, MEASURE = sys.argv[1], sys.argv[2], int(sys.argv[3]) / 1000
WIDGETS = {"group": "demo.example.com", "version": "v1", "namespace": "default", "plural": "widgets"}

config.load_kube_config()
api = client.CustomObjectsApi()


def reconcile(name):
    time.sleep(MEASURE)
    widget = api.get_namespaced_custom_object(name=name, **WIDGETS)
    conditions = widget.get("status", {}).get("conditions", [])
    if any(condition["type"] == CONDITION for condition in conditions):
        return
    patch = {"status": {"conditions": conditions + [{"type": CONDITION, "status": "True"}]}}
    if WRITE == "locked":
        patch["metadata"] = {"resourceVersion": widget["metadata"]["resourceVersion"]}
    try:
        api.patch_namespaced_custom_object_status(name=name, body=patch, **WIDGETS)
        print(CONDITION, "written", flush=True)
    except client.ApiException as error:
        print(CONDITION, "refused:", error.status, flush=True)
        if error.status == 409:
            reconcile(name)


for event in watch.Watch().stream(api.list_namespaced_custom_object, **WIDGETS):
    widget = event["object"]
    if not any(c["type"] == CONDITION for c in widget.get("status", {}).get("conditions", [])):
        reconcile(widget["metadata"]["name"])
