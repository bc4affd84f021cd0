import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { readMeasurement } from '../../src/measure/read.ts';
import { temporaryFolder } from '../baseline/repository.ts';
import { busyboxRootfs } from '../fixtures/busybox.ts';

const root = join(import.meta.dirname, '../..');
const nobody = 65_534;
const isRoot = process.getuid?.() === 0;

let folder: ReturnType<typeof temporaryFolder>;
let home: string;

/** What a user without root can reach: node, dist/ as it was committed, the oracle's sources, and an image. */
beforeAll(() => {
  folder = temporaryFolder();
  chmodSync(folder.path, 0o755);
  home = join(folder.path, 'home');
  mkdirSync(home);
  copyFileSync(process.execPath, join(folder.path, 'node'));
  for (const name of ['dist', 'src', 'package.json', 'test/oracle', 'node_modules/zod'])
    cpSync(join(root, name), join(folder.path, 'snapgate', name), { recursive: true });
  cpSync(busyboxRootfs('init', folder.path).path, join(home, 'rootfs'), {
    recursive: true,
    verbatimSymlinks: true,
  });
  spawnSync('chmod', ['-R', 'a+rX', join(folder.path, 'snapgate')]);
  if (isRoot) spawnSync('chown', ['-hR', `${nobody}:${nobody}`, home]);
});
afterAll(() => folder[Symbol.dispose]());

test('an ordinary user, without sudo, measures a rootfs: emulated, and under KVM where it may and boots', () => {
  const protocol = ['--boots', '1', '--cycles', '1', '--warmup', '0', '--scenarios', 'pause,write-64k'];
  const image = ['--rootfs', 'rootfs', '--memory-size', '128MiB', '--disk-size', '64MiB'];
  const measure = (accel: string) =>
    asUser([cli(), 'measure', ...image, ...protocol, '--accel', accel, '--json']);

  const emulated = measure('tcg');
  expect(emulated.status, emulated.stderr).toBe(0);
  const measurement = readMeasurement(emulated.stdout, 'stdout');
  expect(measurement.fingerprint.accelerator).toBe('tcg');
  for (const { metrics } of measurement.boots[0]?.samples ?? [])
    expect(metrics['memfile.writtenBytes']).toBeGreaterThan(0);
  expect(measurement.boots[0]?.samples.map(({ metrics }) => metrics['rootfs.writtenBytes'] ?? -1)).toEqual([
    0,
    expect.toSatisfy((bytes: number) => bytes >= 65_536),
  ]);

  const under = measure('kvm');
  if (under.status === 0) {
    expect(readMeasurement(under.stdout, 'stdout').fingerprint.accelerator).toBe('kvm');
  } else {
    expect(under.status).toBe(69);
    const { error } = errorSchema.parse(JSON.parse(under.stdout));
    expect(error.message).toMatch(/^this machine cannot run guests: \/dev\/kvm: /);
    expect(error.remedy).not.toBe('');
  }
  expect(readdirSync(join(home, 'tmp'))).toEqual([]);
});

test.each(['tcg', 'kvm'])('the pages are exact for an ordinary user too: %s', (accelerator) => {
  const script = join(folder.path, 'snapgate/test/oracle/exact-cycles.ts');
  const { stdout, stderr } = asUser([script, accelerator, join(home, 'tmp')], { openKvm: true });
  const found = oracleSchema.parse(JSON.parse(stdout || JSON.stringify({ boots: stderr })));
  // A machine without a KVM that boots the oracle says why; emulation is everywhere.
  if ('boots' in found) {
    expect(accelerator, found.boots).toBe('kvm');
    expect(found.boots).toMatch(/kvm|KVM/);
    return;
  }
  const exact = [0, 1, 7, 200].map((pages) => ({ pages, written: pages * 4096, changed: pages * 4096 }));
  expect(found.cycles).toEqual(exact);
});

const errorSchema = z.object({ error: z.object({ message: z.string(), remedy: z.string() }) });
const oracleSchema = z.union([
  z.object({ boots: z.string() }),
  z.object({ cycles: z.array(z.object({ pages: z.int(), written: z.int(), changed: z.int() })) }),
]);

function cli(): string {
  return join(folder.path, 'snapgate/dist/cli/index.js');
}

/** Runs node as nobody where this is root, and in any case without a way to more privileges. */
function asUser(args: readonly string[], { openKvm = false } = {}) {
  mkdirSync(join(home, 'tmp'), { recursive: true });
  if (isRoot) chownSync(join(home, 'tmp'), nobody, nobody);
  const drop = isRoot ? [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'] : [];
  const command = ['setpriv', ...drop, '--no-new-privs', '--', join(folder.path, 'node'), ...args];
  const [first = '', ...rest] = openKvm && isRoot && existsSync('/dev/kvm') ? inOpenedKvm(command) : command;
  return spawnSync(first, rest, {
    cwd: home,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: home,
      TMPDIR: join(home, 'tmp'),
    },
  });
}

/** In a mount namespace of its own, where /dev/kvm is open to all, as its group is on a runner. */
function inOpenedKvm(command: readonly string[]): string[] {
  const { rdev } = statSync('/dev/kvm');
  const node = join(folder.path, 'kvm');
  // glibc's major(3) and minor(3), for numbers below 4096 and 256.
  if (!existsSync(node))
    spawnSync('mknod', ['-m', '666', node, 'c', String((rdev >> 8) & 0xfff), String(rdev & 0xff)]);
  return ['unshare', '--mount', 'sh', '-c', 'mount --bind "$0" /dev/kvm && exec "$@"', node, ...command];
}
