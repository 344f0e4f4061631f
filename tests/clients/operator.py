"""A kopf operator: each ConfigMap labelled `kopf` gets an annotation, by a patch of kopf's."""

import kopf


@kopf.on.startup()
def configure(settings, **_):
    settings.posting.enabled = True
    settings.persistence.finalizer = "lostwrite.dev/kopf"


@kopf.on.create("configmaps", labels={"kopf": kopf.PRESENT})
def created(body, patch, **_):
    kopf.info(body, reason="Seen", message="hello")
    patch.metadata.annotations["seen"] = "yes"


@kopf.on.delete("configmaps", labels={"kopf": kopf.PRESENT})
def deleted(**_):
    pass
