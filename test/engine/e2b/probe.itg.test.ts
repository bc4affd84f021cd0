import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HostPaths, probeHost } from '../../../src/engine/e2b/probe.ts';
import type { E2bSettings } from '../../../src/engine/settings.ts';
import { closeRun, openRun } from '../../../src/host/cleanup.ts';
import type { Run } from '../../../src/host/run.ts';

const scratch = mkdtempSync(join(tmpdir(), 'snapgate-probe-'));
const checkout = join(scratch, 'infra');
const silent = { info: () => {}, warning: () => {}, detail: () => {} };
let run: Run;

beforeAll(() => {
  run = openRun(join(scratch, 'work'), join(scratch, 'cache'), silent, new AbortController().signal);
  for (const name of ['create-build', 'resume-build'])
    mkdirSync(join(checkout, 'packages/orchestrator/cmd', name), { recursive: true });
  mkdirSync(join(checkout, 'packages/orchestrator/pkg/sandbox/nbd'), { recursive: true });
  for (const [name, text] of Object.entries({ full: '512', none: '0' }))
    writeFileSync(join(scratch, name), `HugePages_Free:    ${text}\nHugepagesize:       2048 kB\n`);
});
afterAll(() => {
  closeRun(run.dir);
  rmSync(scratch, { recursive: true });
});

const settings: E2bSettings = {
  kind: 'e2b',
  infra: undefined,
  tools: undefined,
  storage: undefined,
  hugePages: true,
  kernel: undefined,
  firecrackerVersion: undefined,
  diskBytes: 2 ** 30,
  timeoutMs: 60_000,
};

/** A machine that has all that is not a command. */
const whole: HostPaths = { kvm: '/dev/null', nbd: '/', meminfo: join(scratch, 'full'), userId: 0 };

async function failing(host: HostPaths, more: Partial<E2bSettings> = {}) {
  const { checks } = await probeHost(run, { ...settings, ...more }, checkout, host);
  const failed = checks.filter((check) => !check.ok);
  return new Map(failed.map(({ what, required, remedy }) => [what, { required, remedy }]));
}

describe('the probe for e2b', () => {
  it.each<[string, Partial<HostPaths>, RegExp]>([
    ['root', { userId: 1000 }, /sudo/],
    ['/nowhere/kvm', { kvm: '/nowhere/kvm' }, /modprobe kvm_intel/],
    ['NBD', { nbd: '/nowhere' }, /modprobe nbd/],
    ['huge pages', { meminfo: join(scratch, 'none') }, /nr_hugepages/],
  ])('asks for %s, with what to type', async (what, lacks, remedy) => {
    const before = await failing(whole);
    const found = await failing({ ...whole, ...lacks });
    expect(before.has(what)).toBe(false);
    expect(found.get(what)).toMatchObject({ required: true, remedy: expect.stringMatching(remedy) });
  });

  it('does not ask for huge pages that are not wanted', async () => {
    const host = { ...whole, meminfo: join(scratch, 'none') };
    expect((await failing(host, { hugePages: false })).has('huge pages')).toBe(false);
  });

  it('asks of a script only what snapgate itself calls, and says the rest', async () => {
    const tools = join(scratch, 'tools');
    mkdirSync(tools);
    for (const name of ['create-build', 'resume-build']) {
      writeFileSync(join(tools, name), '#!/bin/sh\nexec ssh elsewhere …\n');
      chmodSync(join(tools, name), 0o755);
    }
    const host = { ...whole, nbd: '/nowhere', userId: 1000 };
    const asked = await failing(host, { tools });
    expect([asked.get('NBD')?.required, asked.get('root')?.required, asked.has('go')]).toEqual([
      false,
      false,
      false,
    ]);
    // A program of this machine needs what e2b's own needs.
    for (const name of ['create-build', 'resume-build']) cpSync('/bin/true', join(tools, name));
    expect((await failing(host, { tools })).get('NBD')?.required).toBe(true);
  });

  it('names the checkout that it looked for', async () => {
    const missing = await probeHost(run, { ...settings, infra: '../other' }, checkout, whole);
    const infra = missing.checks.find(({ what }) => what === "e2b's infra");
    expect(infra).toMatchObject({ ok: false, required: true });
    expect(infra?.found).toContain(join(scratch, 'other'));
    expect([missing.ok, missing.identity]).toEqual([false, undefined]);
    expect(existsSync(join(scratch, 'other'))).toBe(false);
  });
});
