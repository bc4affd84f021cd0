import { copyFileSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createCommandEngine } from '../../src/engine/command/engine.ts';
import type { CommandSettings } from '../../src/engine/settings.ts';
import type { RootfsImage } from '../../src/image/types.ts';
import { temporaryFolder } from '../baseline/repository.ts';
import { openTestRun, type TestRun } from '../baseline/test-run.ts';
import { guest, pause } from '../engine/command/bench.ts';
import { refusal } from '../host/refusal.ts';

const root = join(import.meta.dirname, '../..');
const commandIn = (name: string) => join(root, 'examples/virsh', name);
const settings: CommandSettings = {
  kind: 'command',
  prepare: commandIn('prepare'),
  resume: commandIn('resume'),
  pause: commandIn('pause'),
  cleanup: commandIn('cleanup'),
  version: commandIn('version'),
  memfile: 'memfile',
  rootfsFile: 'rootfs.ext4',
  format: 'raw',
  timeoutMs: 60_000,
};
const options = { ...guest, memoryBytes: 4 * 1024 ** 2 };

let folder: ReturnType<typeof temporaryFolder>;
let before: NodeJS.ProcessEnv;
let bench: TestRun;
beforeEach(() => {
  before = { ...process.env };
  folder = temporaryFolder();
  const [bin, domains] = ['bin', 'domains'].map((name) => {
    mkdirSync(join(folder.path, name));
    return join(folder.path, name);
  });
  copyFileSync(join(root, 'test/fixtures/fake-virsh'), join(bin ?? '', 'virsh'));
  process.env['PATH'] = `${bin}:${before['PATH']}`;
  process.env['FAKE_VIRSH_DOMAINS'] = domains;
  process.env['SETTLE_S'] = '0';
  bench = openTestRun(folder.path);
});
afterEach(() => {
  bench[Symbol.dispose]();
  folder[Symbol.dispose]();
  for (const name of ['FAKE_VIRSH_DOMAINS', 'SETTLE_S']) delete process.env[name];
  Object.assign(process.env, before);
});

/** Files that the fake does not look into. A quote is for XML to take. */
function image(): RootfsImage {
  const dir = join(folder.path, "it's & an <image>");
  mkdirSync(dir);
  for (const name of ['rootfs', 'kernel']) writeFileSync(join(dir, name), name);
  truncateSync(join(dir, 'rootfs'), 8192);
  return {
    kind: 'rootfs',
    rootfsPath: join(dir, 'rootfs'),
    rootfsSha256: 'r',
    rootfsBytes: 8192,
    kernelPath: join(dir, 'kernel'),
    kernelVersion: '6.1',
    kernelSha256: 'k',
    initrdPath: undefined,
    initrdSha256: undefined,
    init: 'init',
    kernelArgs: ['root=/dev/vda'],
  };
}

async function boot() {
  const engine = createCommandEngine(bench.run, settings, folder.path);
  const built = await engine.build?.({ side: 'head', checkout: folder.path, rootfs: image() });
  if (built === undefined) throw new Error('the engine builds no guest');
  const dir = join(bench.run.dir, 'boot');
  mkdirSync(dir);
  const { snapshot } = await engine.prepare(built, options, dir);
  return { engine, snapshot };
}

const domains = () => readdirSync(join(folder.path, 'domains'));

test('cycles of a fake libvirt, to the page', async () => {
  const { engine, snapshot } = await boot();
  expect((await engine.probe()).identity?.version).toBe('libvirt 9.0.0 QEMU 7.2.22-fake');
  expect(domains()).toEqual([]);
  const first = await engine.cycle(snapshot, pause, { advance: true });
  expect(first.metrics).toMatchObject({
    'memfile.changedBytes': 3 * 4096,
    'memfile.zeroedBytes': 4096,
    'rootfs.writtenBytes': 0,
  });
  const said = join(folder.path, 'said');
  const scenario = { ...pause, name: 'mine', run: `echo "it's run" >${said}`, check: `test -s ${said}` };
  const second = await engine.cycle(first.next, scenario, { advance: true });
  // What was zeros is zeros again.
  expect(second.metrics).toMatchObject({ 'memfile.changedBytes': 2 * 4096, 'memfile.zeroedBytes': 0 });
  expect(readFileSync(said, 'utf8')).toBe("it's run\n");
  expect(domains()).toEqual([]);
});

test.each([
  ['resume', { run: 'echo no such thing; exit 9' }],
  ['pause', { check: 'echo no such thing; exit 9' }],
] as const)('a command of the guest that fails in %s, and no machine is left', async (name, scenario) => {
  const { engine, snapshot } = await boot();
  const error = await refusal(engine.cycle(snapshot, { ...pause, ...scenario }, { advance: true }));
  expect([error.code, error.details?.title]).toEqual(['scenario', `last lines of ${name}-command`]);
  expect(error.details?.lines).toEqual(['no such thing', 'it exited 9 in the guest']);
  expect(domains()).toEqual([]);
});
