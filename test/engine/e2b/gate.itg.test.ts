import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readMeasurement } from '../../../src/measure/read.ts';
import { type Call, type FakeInfra, makeFakeInfra } from './stand-ins/fake-infra.ts';

/*
 * The engine end to end against stand-ins for create-build, resume-build, go, docker, gcloud and gsutil: a pull request changes a file of
 * the rootfs template, from 30 pages a pause to 160.
 */

const cli = join(import.meta.dirname, '../../../src/cli.ts');
const templateOf = (pages: number) => `[Journal]\nSystemMaxUse=8M\n# dirty: ${pages} + 5/s\n`;

let fake: FakeInfra;
beforeAll(() => {
  fake = makeFakeInfra(templateOf(30), templateOf(160));
});
afterAll(() => rmSync(fake.dir, { recursive: true, force: true }));

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly calls: readonly Call[];
}

function snapgate(cwd: string, argv: readonly string[], env: NodeJS.ProcessEnv = {}): Ran {
  const before = fake.calls().length;
  const work = join(fake.dir, 'work');
  mkdirSync(work, { recursive: true });
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...argv, '--work-dir', work], {
    cwd,
    env: { ...fake.env, ...env },
    encoding: 'utf8',
    timeout: 300_000,
  });
  expect(readdirSync(work)).toEqual([]);
  return { status, stdout, stderr, calls: fake.calls().slice(before) };
}

const guest = ['--engine', 'e2b', '--memory-size', '64MiB', '--disk-size', '16MiB', '--huge-pages', 'none'];
const twice = ['--boots', '2', '--cycles', '1', '--warmup', '0'];

function gateIn(cwd: string, more: readonly string[], env: NodeJS.ProcessEnv = {}): Ran {
  const out = ['--output-dir', join(fake.dir, 'out')];
  return snapgate(cwd, ['gate', ...guest, ...twice, '--base', 'ref:main', ...out, ...more], env);
}

function measurement(side: 'base' | 'head') {
  const path = join(fake.dir, 'out', `measurement-${side}.json`);
  return readMeasurement(readFileSync(path, 'utf8'), path);
}

const steps = [
  '=== Step 1: Build base template ===',
  '=== Step 2: Immediate pause (baseline — no activity) ===',
  '=== Step 3: Resume + sleep 2s + pause (idle drift) ===',
  '=== Step 4: Resume + sleep 5s + pause (longer idle drift) ===',
  '=== Step 5: Resume + write files via envd + pause ===',
  '=== Step 6: Resume + start process via envd + pause ===',
  '=== Step 7: Multi-iteration pause benchmark (10x immediate pause) ===',
  '=== Done ===',
];

/** What the stand-in's guest dirties in a step: pages by its template, a second's worth a second, and one more or not; a cycle in each of two boots. */
function expectPages(side: 'base' | 'head', perPause: number, scenarios: number): void {
  const samples = measurement(side).boots.flatMap((boot) => boot.samples);
  expect(samples).toHaveLength(2 * scenarios);
  const pagesOf = (scenario: string) =>
    samples
      .filter((sample) => sample.scenario === scenario)
      .map(({ metrics }) => (metrics['memfile.writtenBytes'] ?? Number.NaN) / 4096);
  const expected = { pause: 0, 'idle-2s': 10, 'idle-5s': 25, 'write-64k': 16, spawn: 7 };
  for (const [scenario, more] of Object.entries(expected))
    for (const pages of pagesOf(scenario)) expect([0, 1]).toContain(pages - perPause - more);
  for (const pages of pagesOf('pause-x10')) {
    expect(pages).toBeGreaterThanOrEqual(10 * perPause);
    expect(pages).toBeLessThanOrEqual(10 * perPause + 10);
  }
}

const formats = [
  { format: '3', compression: 'none' },
  { format: '4', compression: 'zstd' },
  { format: '5', compression: 'lz4' },
];

describe('a pull request that changes a file of the rootfs template', () => {
  const places = [
    { name: 'the root of the checkout', cwd: () => fake.infra, infra: [] },
    { name: 'a folder in it', cwd: () => join(fake.infra, 'packages/orchestrator'), infra: [] },
    { name: 'elsewhere', cwd: () => fake.elsewhere, infra: ['--e2b-infra', '../infra'] },
  ];
  const storages = ['folder', 'gs://my-bucket'] as const;
  const cases = places.flatMap((place, at) =>
    // The ten pauses in two of the six: every pause starts two processes.
    storages.map((storage, to) => ({
      ...place,
      storage,
      ...formats[at],
      tenPauses: at + to === 0 || at + to === 3,
    })),
  );

  it.each(cases)(
    'is gated from $name with $storage, format $format $compression',
    ({ cwd, infra, storage, format = '', compression = '', tenPauses }) => {
      const kept = join(fake.dir, 'kept');
      const where = storage === 'folder' ? kept : storage;
      const env = { FAKE_E2B_FORMAT: format, FAKE_E2B_COMPRESSION: compression };
      const chosen = tenPauses ? [] : ['--scenarios', 'pause,idle-5s'];
      const { status, stdout, stderr, calls } = gateIn(
        cwd(),
        [...infra, '--e2b-storage', where, ...chosen],
        env,
      );
      expect(stderr).not.toContain('error');
      expect(status).toBe(1);
      // The table of steps, of each boot of each side.
      const titles = stdout.split('\n').filter((line) => line.startsWith('=== '));
      const own = steps.filter((title) => tenPauses || /Step [124]|Done/.test(title));
      expect(titles).toEqual([...own, ...own, ...own, ...own]);
      expectPages('base', 30, tenPauses ? 6 : 2);
      expectPages('head', 160, tenPauses ? 6 : 2);
      for (const side of ['base', 'head'] as const) expectTable(stdout, side);
      expectCalls(calls, where, tenPauses ? 15 : 2);
      // Nothing is left of the run's builds, where they were.
      if (storage === 'folder') expect(readdirSync(join(kept, 'templates'))).toEqual([]);
      else expect(leftInBucket()).toHaveLength(4);
      rmSync(join(fake.buckets, 'my-bucket'), { recursive: true, force: true });
      mkdirSync(join(fake.buckets, 'my-bucket'));
    },
  );

  /** The steps below the final layer of each template are create-build's to name, and stay in a bucket. */
  function leftInBucket(): string[] {
    return readdirSync(join(fake.buckets, 'my-bucket'));
  }

  /** Every figure of the table is one of the record's, to the byte. */
  function expectTable(stdout: string, side: 'base' | 'head'): void {
    const text = stdout.slice(stdout.indexOf(`${side}, boot 1 of 2`));
    const table = text.slice(0, text.indexOf('=== Done ==='));
    for (const { metrics, parts = [] } of measurement(side).boots[0]?.samples ?? [])
      for (const one of [metrics, ...parts]) {
        const [memfile, rootfs] = [one['memfile.writtenBytes'], one['rootfs.writtenBytes']];
        expect(table).toMatch(new RegExp(`memfile diff ${memfile} B \\(.*\\), rootfs diff ${rootfs} B`));
      }
  }

  function expectCalls(calls: readonly Call[], storage: string, cycles: number): void {
    const of = (tool: string) => calls.filter((call) => call.tool === tool);
    // Built once a side, with nothing run by `go run`.
    expect(of('go').map(({ args }) => [args[0], args[3]])).toEqual([
      ['build', './packages/orchestrator/cmd/create-build'],
      ['build', './packages/orchestrator/cmd/resume-build'],
      ['build', './packages/orchestrator/cmd/create-build'],
      ['build', './packages/orchestrator/cmd/resume-build'],
    ]);
    expect(of('create-build')).toHaveLength(4);
    const resumes = of('resume-build');
    expect(resumes).toHaveLength(4 * cycles);
    const value = (args: readonly string[], flag: string) => args[args.indexOf(flag) + 1];
    const ids = [...of('create-build'), ...resumes].map(({ args }) => value(args, '-to-build'));
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(ids).size).toBe(ids.length);
    // A chain: each resumes what the one before it has stored.
    for (const boot of [0, 1, 2, 3].map((at) => resumes.slice(at * cycles, (at + 1) * cycles)))
      boot.slice(1).forEach(({ args }, at) => {
        expect(value(args, '-from-build')).toBe(value(boot[at]?.args ?? [], '-to-build'));
      });
    for (const { args, env, cwd } of [...of('create-build'), ...resumes]) {
      expect(args).not.toContain('-iterations');
      expect(value(args, '-storage')).toBe(storage);
      expect(env.secret).toBeUndefined();
      expect(cwd.endsWith('/packages/orchestrator')).toBe(true);
    }
    const commands = resumes.map(({ args }) =>
      args.includes('-pause') ? '-pause' : value(args, '-cmd-pause'),
    );
    const kinds = ['-pause', 'sleep 2', 'sleep 5', 'bs=64k count=1', 'python3', '-pause'];
    const expected = cycles === 2 ? ['-pause', 'sleep 5'] : kinds;
    expected.forEach((kind, at) => {
      expect(commands[at]).toContain(kind);
    });
  }

  it('that dirties no more passes, and its layers come with huge pages too', () => {
    const same = gateIn(fake.infra, [
      '--base',
      'ref:change',
      '--huge-pages',
      '2M',
      '--scenarios',
      'pause,idle-5s',
    ]);
    expect([same.status, same.stderr.includes('error')]).toEqual([0, false]);
    const [sample] = measurement('head').boots.flatMap((boot) => boot.samples);
    const metrics = sample?.metrics ?? {};
    // One dirty page costs a block of 2 MiB, of which the page alone has changed.
    expect(metrics['memfile.writtenBytes']).toBe(2 ** 21);
    expect(metrics['memfile.hugeBytes']).toBe(2 ** 21);
    expect([160 * 4096, 161 * 4096]).toContain(metrics['memfile.changedBytes']);
    expect([metrics.resumeMs, metrics.pauseMs, metrics.stateBytes]).toEqual([41.2, 123.4, 8192]);
    expect(measurement('head').fingerprint).toMatchObject({
      engine: 'e2b',
      engineVersion: 'Firecracker v1.14.1_458ca91',
      kernelVersion: 'vmlinux-6.1.158',
      machine: 'Firecracker, 2 MiB pages',
    });
  });

  it('is gated with built tools too, and with gsutil where there is no gcloud', () => {
    const tools = join(fake.dir, 'tools');
    mkdirSync(tools, { recursive: true });
    for (const name of ['create-build', 'resume-build'])
      spawnSync('go', ['build', '-o', join(tools, name), `./packages/orchestrator/cmd/${name}`], {
        cwd: fake.infra,
        env: fake.env,
      });
    const env = { PATH: fake.pathWithout('gcloud') };
    const ran = gateIn(
      fake.infra,
      ['--e2b-tools', tools, '--e2b-storage', 'gs://my-bucket', '--scenarios', 'pause'],
      env,
    );
    expect(ran.stderr).toContain('Both sides are made by the same');
    expect(ran.status).toBe(0);
    const used = ran.calls.map(({ tool }) => tool);
    expect(used).not.toContain('go');
    expect(used).toContain('gsutil');
  });
});
