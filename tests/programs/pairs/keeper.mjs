// A controller with the JavaScript client: keeps one condition of each Widget.
//     node keeper.mjs CONDITION merge|locked MEASURE_MS
import { setTimeout as sleep } from "node:timers/promises";
import * as k8s from "@kubernetes/client-node";

const [condition, write, measure] = process.argv.slice(2);
const config = new k8s.KubeConfig();
config.loadFromDefault();
const api = config.makeApiClient(k8s.CustomObjectsApi);
const widgets = { group: "demo.example.com", version: "v1", namespace: "default", plural: "widgets" };
const mergePatch = k8s.setHeaderOptions("Content-Type", k8s.PatchStrategy.MergePatch);
const has = (widget) => (widget.status?.conditions ?? []).some((it) => it.type === condition);

async function reconcile(name) {
  await sleep(Number(measure));
  const widget = await api.getNamespacedCustomObject({ ...widgets, name });
  if (has(widget)) return;
  const conditions = [...(widget.status?.conditions ?? []), { type: condition, status: "True" }];
  const body = { status: { conditions } };
  if (write === "locked") body.metadata = { resourceVersion: widget.metadata.resourceVersion };
  try {
    await api.patchNamespacedCustomObjectStatus({ ...widgets, name, body }, mergePatch);
    console.log(condition, "written");
  } catch (error) {
    console.log(condition, "refused:", error.code);
    if (error.code === 409) await reconcile(name);
  }
}

const path = "/apis/demo.example.com/v1/namespaces/default/widgets";
const informer = k8s.makeInformer(config, path, () => api.listNamespacedCustomObject(widgets));
const seen = (widget) => has(widget) || reconcile(widget.metadata.name);
informer.on("add", seen);
informer.on("update", seen);
informer.on("error", (error) => console.log("watch:", error.message));
await informer.start();
