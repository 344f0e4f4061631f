// What a JavaScript program asks of a cluster, with the kubeconfig that `serve` writes.
import * as k8s from "@kubernetes/client-node";

const config = new k8s.KubeConfig();
config.loadFromFile(process.argv[2]);
const core = config.makeApiClient(k8s.CoreV1Api);
const apps = config.makeApiClient(k8s.AppsV1Api);
const namespace = "default";
const labels = { app: "js" };
const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "img:1" }] } };

const calls = {
  "create a ConfigMap": () =>
    core.createNamespacedConfigMap({ namespace, body: { metadata: { name: "js" }, data: { a: "1" } } }),
  "read and replace it": async () => {
    const body = await core.readNamespacedConfigMap({ namespace, name: "js" });
    body.data.a = "2";
    await core.replaceNamespacedConfigMap({ namespace, name: "js", body });
  },
  "a Node has a status": async () => {
    const node = await core.createNode({ body: { metadata: { name: "js" } } });
    node.status.conditions = [{ type: "Ready", status: "True" }];
    await core.replaceNodeStatus({ name: "js", body: node });
  },
  "a Deployment": () =>
    apps.createNamespacedDeployment({
      namespace,
      body: { metadata: { name: "js" }, spec: { selector: { matchLabels: labels }, template } },
    }),
  "a Service has an address": async () => {
    const body = { metadata: { name: "js" }, spec: { selector: labels, ports: [{ port: 80 }] } };
    const made = await core.createNamespacedService({ namespace, body });
    if (!made.spec.clusterIP) throw new Error("no clusterIP");
  },
  "an Event": () =>
    core.createNamespacedEvent({
      namespace,
      body: { metadata: { name: "js" }, involvedObject: { kind: "Pod", name: "p", namespace } },
    }),
  "apply by KubernetesObjectApi": async () => {
    const api = k8s.KubernetesObjectApi.makeApiClient(config);
    const object = { apiVersion: "v1", kind: "Secret", metadata: { name: "js", namespace } };
    await api.create(object);
    await api.read(object);
    await api.delete(object);
  },
  "an informer sees what is there": async () => {
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    const list = () => core.listNamespacedConfigMap({ namespace });
    const informer = k8s.makeInformer(config, path, list);
    await new Promise((resolve, reject) => {
      setTimeout(() => reject(new Error("saw nothing")), 5000).unref();
      informer.on("add", resolve);
      informer.on("error", reject);
      informer.start();
    });
    await informer.stop();
  },
  "delete": () => core.deleteNamespacedConfigMap({ namespace, name: "js" }),
};

let failed = 0;
for (const [name, call] of Object.entries(calls)) {
  try {
    await call();
    console.log(`ok   node: ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL node: ${name}: ${error.message}`);
  }
}
console.log(`node: ${Object.keys(calls).length - failed} of ${Object.keys(calls).length}`);
process.exit(failed ? 1 : 0);
