"""Two controllers, each with a condition of its own in one list, with the official client."""

CRD = "../../go/example/crd.yaml"
WIDGET = {
    "apiVersion": "demo.example.com/v1", "kind": "Widget",
    "metadata": {"name": "demo", "namespace": "default"},
}


def keep(condition, locked):
    """A controller with the official client: lists, watches, and patches the status."""
    from kubernetes import client, config, watch

    config.load_kube_config()
    api = client.CustomObjectsApi()
    widgets = {"group": "demo.example.com", "version": "v1", "namespace": "default", "plural": "widgets"}
    for event in watch.Watch().stream(api.list_namespaced_custom_object, **widgets):
        widget = event["object"]
        conditions = widget.get("status", {}).get("conditions", [])
        if any(it["type"] == condition for it in conditions):
            continue
        patch = {"status": {"conditions": [*conditions, {"type": condition, "status": "True"}]}}
        if locked:
            patch["metadata"] = {"resourceVersion": widget["metadata"]["resourceVersion"]}
        try:
            api.patch_namespaced_custom_object_status(name=widget["metadata"]["name"], body=patch, **widgets)
        except client.ApiException as error:
            print(condition, "refused", error.status)


def test_a_merge_patch_loses_a_condition(lostwrite):
    controllers = {"ready": (keep, "Ready", False), "usage": (keep, "Usage", False)}
    said = lostwrite.check(controllers, [WIDGET], [CRD], runs=10, expect_loss=True)
    assert "replaced the whole list conditions" in said


def test_with_the_version_in_the_patch_nothing_is_found(lostwrite):
    controllers = {"ready": (keep, "Ready", True), "usage": (keep, "Usage", True)}
    lostwrite.check(controllers, [WIDGET], [CRD], runs=5)
