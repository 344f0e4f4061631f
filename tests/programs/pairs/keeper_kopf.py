"""A kopf operator: keeps one condition of each Widget. CONDITION, WRITE and MEASURE_MS are in the
environment.
"""

import asyncio
import os

import kopf
from kubernetes import client, config

CONDITION, WRITE = os.environ["CONDITION"], os.environ["WRITE"]
MEASURE = int(os.environ["MEASURE_MS"]) / 1000
WIDGETS = {"group": "demo.example.com", "version": "v1", "namespace": "default", "plural": "widgets"}


@kopf.on.startup()
def configure(settings, **_):
    settings.posting.enabled = False
    settings.scanning.disabled = False
    config.load_kube_config()


@kopf.on.event("demo.example.com", "v1", "widgets")
async def keep(name, patch, logger, **_):
    await asyncio.sleep(MEASURE)
    widget = client.CustomObjectsApi().get_namespaced_custom_object(name=name, **WIDGETS)
    conditions = widget.get("status", {}).get("conditions", [])
    if any(condition["type"] == CONDITION for condition in conditions):
        return
    patch.status["conditions"] = conditions + [{"type": CONDITION, "status": "True"}]
    if WRITE == "locked":
        patch.metadata["resourceVersion"] = widget["metadata"]["resourceVersion"]
    logger.info(f"{CONDITION} written")
