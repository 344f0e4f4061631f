// Chromium, as Debian ships it, and small helpers for the tests.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

export const HERE = dirname(fileURLToPath(import.meta.url));
export const ROOT = resolve(HERE, '../..');
export const PROGRAM = resolve(ROOT, process.env.LOSTWRITE ?? 'target/release/lostwrite');
export const SHOTS = join(ROOT, 'target/page');
mkdirSync(SHOTS, { recursive: true });

export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

export const folder = mkdtempSync(join(tmpdir(), 'lostwrite-page-'));

// Runs the program in the folder; a check that finds a loss exits 1, which is no failure here.
export function lostwrite(...args) {
  try {
    return execFileSync(PROGRAM, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    if (error.status === 1) return error.stdout;
    throw new Error(`lostwrite ${args.join(' ')}: ${error.status ?? error.message}\n${error.stderr}`);
  }
}

// A page of this scenario, and where it is.
export function report(name, ...args) {
  const path = lostwrite('report', name, ...args, '--output-file', `${name}.html`).trim();
  return `file://${join(folder, path)}`;
}
