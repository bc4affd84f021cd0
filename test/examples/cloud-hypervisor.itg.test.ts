import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { measurementSchema } from '../../src/measure/record.ts';
import { commitFiles, git, temporaryFolder } from '../baseline/repository.ts';
import { run } from '../cli/shell.ts';
import { testCacheDir } from '../e2e/cache.ts';
import { guest } from '../e2e/guest-repository.ts';

const root = join(import.meta.dirname, '../..');
const commandIn = (name: string) => join(root, 'examples/cloud-hypervisor', name);

let folder: ReturnType<typeof temporaryFolder>;
let before: NodeJS.ProcessEnv;
beforeEach(() => {
  before = { ...process.env };
  folder = temporaryFolder();
  process.env['CLOUD_HYPERVISOR'] = fakeIn(folder.path);
  process.env['SETTLE_S'] = '1';
});
afterEach(() => {
  folder[Symbol.dispose]();
  for (const name of ['CLOUD_HYPERVISOR', 'SETTLE_S']) delete process.env[name];
  Object.assign(process.env, before);
});

/** A fake of Cloud Hypervisor; see its main.ts. */
function fakeIn(dir: string): string {
  const path = join(dir, 'fake-cloud-hypervisor');
  const main = join(root, 'test/fixtures/fake-cloud-hypervisor/main.ts');
  writeFileSync(path, `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`, { mode: 0o755 });
  return path;
}

/** A service of the head's that writes 4 MiB of new content again and again. */
const noisy = {
  'noise.sh':
    'while dd if=/dev/urandom of=/tmp/noise bs=64k count=64 conv=notrunc 2>/dev/null; do sleep 0.1; done\n',
  inittab: '::sysinit:/bin/mount -t proc proc /proc\n::respawn:/bin/sh /etc/noise.sh\n',
};

const scenarios = `scenarios:
  wait:
    settle: 1s
  write:
    run: dd if=/dev/urandom of=/tmp/written bs=64k count=16
    check: '[ -s /tmp/written ]'
  broken:
    run: echo "no such thing"; exit 9
`;

function options(...more: string[]): string[] {
  return [
    ...['--engine', 'command', '--build-command', './build.sh', '--rootfs', 'out/rootfs.tar'],
    ...['--prepare-command', commandIn('prepare'), '--resume-command', commandIn('resume')],
    ...['--pause-command', commandIn('pause'), '--version-command', commandIn('version')],
    ...['--memfile', 'memory-ranges', '--rootfs-file', 'rootfs.ext4'],
    ...['--memory-size', '128MiB', '--disk-size', '64MiB', '--cycles', '1', '--cache-dir', testCacheDir],
    ...['--work-dir', join(folder.path, 'work'), ...more],
  ];
}

function repository(): string {
  const cwd = join(folder.path, 'repository');
  mkdirSync(cwd);
  git(cwd, 'init', '--quiet');
  commitFiles(cwd, { ...guest, 'snapgate.yml': scenarios });
  return cwd;
}

test('base and head are gated through the example’s commands', async () => {
  const cwd = repository();
  commitFiles(cwd, noisy);
  const argv = ['gate', ...options('--base', 'ref:HEAD~1', '--scenarios', 'wait,write', '--boots', '2')];
  const refused = await run(argv, { cwd });
  expect([refused.status, refused.stdout]).toEqual([64, '']);
  expect(refused.stderr).toMatch(
    /memfile\.writtenBytes gates, which engine command with format raw cannot give\n/,
  );
  expect(refused.stderr).not.toContain('building');

  const ran = await run([...argv, '--metrics', 'memfile.changedBytes', '--warmup', '1'], { cwd });
  expect(ran.status, ran.stderr + ran.stdout).toBe(1);
  expect(ran.stdout).toMatch(/^FAIL/);
  const [ofBase, ofHead] = ['base', 'head'].map((side) =>
    measurementSchema.parse(
      JSON.parse(readFileSync(join(cwd, `snapgate-report/measurement-${side}.json`), 'utf8')),
    ),
  );
  for (const side of [ofBase, ofHead]) {
    expect(side?.fingerprint).toMatchObject({
      engine: 'command',
      engineVersion: 'cloud-hypervisor v53.0.0-fake',
      accelerator: 'unknown',
      machine: 'command',
    });
    expect(side?.image).toMatchObject({ builder: 'command', rootfs: { init: 'init' } });
  }
  const changed = (side: typeof ofBase, scenario: string) =>
    (side?.boots ?? []).flatMap(({ samples }) =>
      samples.flatMap((sample) => {
        const counts = !sample.warmup && sample.scenario === scenario;
        return counts ? [sample.metrics['memfile.changedBytes'] ?? Number.NaN] : [];
      }),
    );
  const mebi = 1024 ** 2;
  // One cycle in each of two boots.
  for (const bytes of [changed(ofBase, 'wait'), changed(ofBase, 'write'), changed(ofHead, 'wait')])
    expect(bytes).toHaveLength(2);
  // At rest a guest of busybox changes little; what the scenario or the service writes is new content, at least that much of it.
  for (const bytes of changed(ofBase, 'wait')) expect(bytes).toBeLessThan(mebi);
  for (const bytes of changed(ofBase, 'write')) expect(bytes).toBeGreaterThanOrEqual(mebi);
  for (const bytes of changed(ofHead, 'wait')) expect(bytes).toBeGreaterThanOrEqual(4 * mebi);
});

test('a command that fails in the guest is a failure of the scenario, with its output', async () => {
  const cwd = repository();
  const argv = ['measure', ...options('--scenarios', 'broken', '--boots', '1', '--warmup', '0')];
  const ran = await run(argv, { cwd });
  expect([ran.status, ran.stdout], ran.stderr).toEqual([71, '']);
  expect(ran.stderr).toContain(
    'resume-command, in a cycle of broken, says that `run` failed in the guest (exit status 71)\n',
  );
  expect(ran.stderr).toMatch(/^ {2}\| no such thing\n {2}\| it exited 9 in the guest$/m);
});
