// Writes for that time, and prints which objects it was told are there, and how often it was
// told that its increment of the shared counter is.
import * as k8s from "@kubernetes/client-node";

const config = new k8s.KubeConfig();
config.loadFromFile(process.argv[2]);
const core = config.makeApiClient(k8s.CoreV1Api);
const namespace = "default";
const end = Date.now() + 1000 * Number(process.argv[3]);
const kept = [];
let added = 0;
for (let n = 0; Date.now() < end; n += 1) {
  const name = `node-${n}`;
  await core.createNamespacedConfigMap({ namespace, body: { metadata: { name } } });
  kept.push(name);
  if (kept.length > 50) {
    await core.deleteNamespacedConfigMap({ namespace, name: kept.shift() });
  }
  for (let tries = 0; tries < 5; tries += 1) {
    try {
      const body = await core.readNamespacedConfigMap({ namespace, name: "counter" });
      body.data.n = String(Number(body.data.n) + 1);
      await core.replaceNamespacedConfigMap({ namespace, name: "counter", body });
      added += 1;
      break;
    } catch (error) {
      if (error.code !== 409) throw error;
    }
  }
}
console.log(JSON.stringify({ kept, added }));
