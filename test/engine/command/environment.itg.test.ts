import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { CommandName } from '../../../src/engine/command/environment.ts';
import type { CommandSettings } from '../../../src/engine/settings.ts';
import type { RootfsImage } from '../../../src/image/types.ts';
import { pathWithout } from '../../fixtures/fake-qemu.ts';
import { type CommandBench, guest, openCommandBench, pause, stillCommands } from './bench.ts';

const root = join(import.meta.dirname, '../../..');
const secrets = ['GITHUB_TOKEN', 'ACTIONS_RUNTIME_TOKEN', 'INPUT_GITHUB-TOKEN', 'MY_API_KEY', 'NPM_TOKEN'];

let bench: CommandBench;
let before: NodeJS.ProcessEnv;
beforeEach(() => {
  before = { ...process.env };
  for (const name of secrets) process.env[name] = 'not-to-be-seen';
  process.env['SNAPGATE_PARENT'] = 'of the caller';
  bench = openCommandBench();
});
afterEach(() => {
  bench[Symbol.dispose]();
  for (const name of [...secrets, 'SNAPGATE_PARENT']) delete process.env[name];
  Object.assign(process.env, before);
});

/** Rows of the table of docs/engine-command.md: variable, and the commands it is of. */
function documented(): Map<string, readonly string[]> {
  const text = readFileSync(join(root, 'docs/engine-command.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `(SNAPGATE_\w+)` \| ([^|]+) \|/gm)];
  return new Map(
    rows.map(([, name = '', of = '']) => [
      name,
      of === 'all'
        ? ['prepare', 'resume', 'pause', 'cleanup', 'version']
        : of.replaceAll('`', '').split(', '),
    ]),
  );
}

/** Each command writes its environment to a file of its name, after what it does. */
function saying(settings: CommandSettings): CommandSettings {
  const of = (name: CommandName, line: string) => `${line}\nenv -0 >"$SNAPGATE_CHECKOUT/${name}.env"`;
  return {
    ...settings,
    prepare: of('prepare', settings.prepare),
    resume: of('resume', settings.resume),
    pause: of('pause', settings.pause),
    cleanup: of('cleanup', 'true'),
    version: of('version', 'echo test 1.0'),
  };
}

function environmentGiven(checkout: string, name: string): Map<string, string> {
  const entries = readFileSync(join(checkout, `${name}.env`), 'utf8').split('\0');
  return new Map(entries.map((entry) => [entry.split('=', 1)[0] ?? '', entry.slice(entry.indexOf('=') + 1)]));
}

function imageIn(folder: string): RootfsImage {
  mkdirSync(folder);
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  return {
    kind: 'rootfs',
    rootfsPath: file('rootfs', 'the ext4'),
    rootfsSha256: 'r',
    rootfsBytes: 8,
    kernelPath: file('kernel', 'k'),
    kernelVersion: '6.1',
    kernelSha256: 'k',
    initrdPath: file('initrd', 'i'),
    initrdSha256: 'i',
    init: 'init',
    kernelArgs: ['root=/dev/vda', 'rw'],
  };
}

/** One boot and one cycle with all that can be said. */
async function bootAndCycle(): Promise<void> {
  const disk = 'head -c 8192 /dev/urandom >"$SNAPGATE_OUT/disk"';
  const engine = bench.engine(
    saying({
      ...stillCommands,
      rootfsFile: 'disk',
      prepare: `echo more >>"$SNAPGATE_ROOTFS"; ${stillCommands.prepare}; ${disk}`,
      pause: `${stillCommands.pause}; ${disk}`,
    }),
  );
  const report = await engine.probe();
  expect(report.identity).toEqual({
    engine: 'command',
    version: 'test 1.0',
    accelerator: 'unknown',
    machine: 'command',
  });
  const rootfs = imageIn(join(bench.checkout, 'image'));
  const image = await engine.build?.({ side: 'base', checkout: bench.checkout, rootfs });
  if (image === undefined) throw new Error('the engine builds no guest');
  const dir = join(bench.test.run.dir, 'boot');
  mkdirSync(dir);
  const options = { ...guest, readyCommand: 'test -e /ready' };
  const { snapshot } = await engine.prepare(image, options, dir);
  const scenario = {
    ...pause,
    name: 'mine',
    run: 'echo "$HOME"; true',
    check: "test 1 = '1'",
    timeoutMs: 1500,
  };
  await engine.cycle(snapshot, scenario, { advance: true });
  expect(readFileSync(rootfs.rootfsPath, 'utf8')).toBe('the ext4');
}

it('each command is given what the table says, and nothing else of that name', async () => {
  await bootAndCycle();
  const table = documented();
  for (const name of ['prepare', 'resume', 'pause', 'cleanup', 'version']) {
    const given = [...environmentGiven(bench.checkout, name)].filter(([key]) => key.startsWith('SNAPGATE_'));
    expect(given.map(([key]) => key).toSorted(), name).toEqual([...table.keys()].toSorted());
    const full = given.filter(([, value]) => value !== '').map(([key]) => key);
    const promised = [...table].filter(([, of]) => of.includes(name)).map(([key]) => key);
    expect(full.toSorted(), name).toEqual(promised.toSorted());
  }
});

it('the values are what they say', async () => {
  await bootAndCycle();
  const [prepare, resume, paused] = ['prepare', 'resume', 'pause'].map((name) =>
    environmentGiven(bench.checkout, name),
  );
  const { dir, id } = bench.test.run;
  const boot = dirname(prepare?.get('SNAPGATE_WORK') ?? '');
  expect(dirname(boot)).toBe(dir);
  expect(Object.fromEntries(prepare ?? [])).toMatchObject({
    PWD: bench.checkout,
    SNAPGATE_CHECKOUT: bench.checkout,
    SNAPGATE_OUT: join(boot, 'out'),
    SNAPGATE_MEMFILE: 'memfile',
    SNAPGATE_ROOTFS_FILE: 'disk',
    SNAPGATE_FORMAT: 'raw',
    SNAPGATE_MEMORY_BYTES: '1048576',
    SNAPGATE_MEMORY_MIB: '1',
    SNAPGATE_VCPUS: '1',
    SNAPGATE_ROOTFS: join(boot, 'work/rootfs.ext4'),
    SNAPGATE_KERNEL: join(bench.checkout, 'image/kernel'),
    SNAPGATE_INITRD: join(bench.checkout, 'image/initrd'),
    SNAPGATE_KERNEL_ARGS: 'root=/dev/vda rw',
    SNAPGATE_READY_COMMAND: 'test -e /ready',
    SNAPGATE_BOOT_TIMEOUT_S: '60',
    SNAPGATE_RUN_ID: id,
  });
  const parent = join(dir, 'boot/snapshot');
  expect(Object.fromEntries(resume ?? [])).toMatchObject({
    SNAPGATE_PARENT: parent,
    SNAPGATE_PARENT_MEMFILE: join(parent, 'memfile'),
    SNAPGATE_PARENT_ROOTFS: join(parent, 'disk'),
    SNAPGATE_SCENARIO: 'mine',
    SNAPGATE_RUN: 'echo "$HOME"; true',
    SNAPGATE_RUN_TIMEOUT_S: '2',
  });
  expect(paused?.get('SNAPGATE_CHECK')).toBe("test 1 = '1'");
  for (const name of ['SNAPGATE_ID', 'SNAPGATE_WORK', 'SNAPGATE_OUT'])
    expect(resume?.get(name), name).toBe(prepare?.get(name));
});

it('no token reaches a command', async () => {
  await bootAndCycle();
  for (const name of ['prepare', 'resume', 'pause', 'cleanup', 'version']) {
    const given = environmentGiven(bench.checkout, name);
    expect([...given.values()], name).not.toContain('not-to-be-seen');
    expect(given.get('PATH'), name).toContain(process.env['PATH']);
  }
});

it.each([
  ['fails', 'echo cannot; exit 3', 'exited 3: cannot'],
  ['says nothing', 'true', 'printed nothing'],
  ['says an empty line', 'echo; echo 2.0', '2.0'],
  ['says more than a line', "echo 1.0; head -c 1000000 /dev/zero | tr '\\0' x", '1.0'],
  ['says what drives a terminal', "printf '\\033[31m1.0\\n'", '�[31m1.0'],
])('a version-command that %s', async (_, version, found) => {
  const report = await bench.engine({ version }).probe();
  const ok = !/exited|nothing/.test(found);
  expect(report.checks.find(({ what }) => what === 'version-command')).toMatchObject({ ok, found });
  expect(report.ok).toBe(ok);
  expect(report.identity?.version).toBe(ok ? found : undefined);
});

it('a version-command that hangs is ended', async () => {
  const report = await bench.engine({ version: 'sleep 600', timeoutMs: 500 }).probe();
  expect(report.checks.find(({ what }) => what === 'version-command')).toMatchObject({
    ok: false,
    found: 'did not end within 500 ms',
  });
});

it('perl is asked for where it tells what files hold', async () => {
  const path = process.env['PATH'];
  process.env['PATH'] = pathWithout(bench.test.run.dir, 'perl');
  try {
    for (const format of ['raw', 'sparse-diff', 'e2b'] as const) {
      const { ok, checks } = await bench.engine({ format }).probe();
      expect([ok, checks.find(({ what }) => what === 'perl')?.remedy]).toEqual(
        format === 'e2b' ? [true, undefined] : [false, expect.stringContaining('perl-base')],
      );
    }
  } finally {
    process.env['PATH'] = path;
  }
});

it('without a version-command the text of the commands is the version', async () => {
  const version = async (settings: Partial<CommandSettings>) =>
    (await bench.engine(settings).probe()).identity?.version;
  expect(await version({})).toMatch(/^commands [0-9a-f]{12}$/);
  expect(await version({})).toBe(await version({}));
  expect(await version({ cleanup: 'true' })).not.toBe(await version({}));
});
