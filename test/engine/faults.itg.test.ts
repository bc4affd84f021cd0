import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import { afterAll, describe, expect, test } from 'vitest';
import type { GuestOptions, Scenario } from '../../src/engine/contract.ts';
import { powerOn } from '../../src/engine/qemu/boot.ts';
import { runCycle } from '../../src/engine/qemu/run-cycle.ts';
import { type QemuSnapshot, statePathOf } from '../../src/engine/qemu/snapshot.ts';
import type { Vm } from '../../src/engine/qemu/vm.ts';
import { waitUntilReady } from '../../src/engine/vm/wait-ready.ts';
import { openChannel } from '../../src/guest/channel.ts';
import { type ErrorCode, SnapgateError } from '../../src/host/error.ts';
import { resolveInitrd } from '../../src/image/initrd.ts';
import { resolveKernel } from '../../src/image/kernel.ts';
import type { RootfsImage } from '../../src/image/types.ts';
import { processesOf } from '../e2e/leftovers.ts';
import { askGuest } from '../fixtures/resume.ts';
import { retainedBytes } from '../fixtures/retained.ts';
import {
  busyboxImage,
  command,
  guestOptions,
  openBench,
  pause,
  quickBoot,
  type TestBench,
} from './guests.ts';

const mebibyte = 1024 * 1024;
const shared = openBench();
afterAll(() => shared.close());
const image = await busyboxImage(shared, addFaultyInits);
const noise = join(shared.run.dir, 'noise.ext4');
writeFileSync(noise, Buffer.alloc(mebibyte, 7));

/** What each fault must come to: one SnapgateError. */
interface Expected {
  readonly code: ErrorCode;
  readonly message: string | RegExp;
  readonly remedy: RegExp;
  /** In the lines of the details; undefined: there are none to show. */
  readonly details: RegExp | undefined;
}

function expectError(error: unknown, expected: Expected): void {
  expect(error).toBeInstanceOf(SnapgateError);
  if (!(error instanceof SnapgateError)) return;
  expect([error.code, error.message]).toEqual([
    expected.code,
    typeof expected.message === 'string' ? expected.message : expect.stringMatching(expected.message),
  ]);
  expect(error.remedy).toMatch(expected.remedy);
  if (expected.details !== undefined) expect(error.details?.lines.join('\n')).toMatch(expected.details);
  expect(error.details?.lines.length ?? 0).toBeLessThanOrEqual(40);
}

const snapshotFiles = ['disk.qcow2', 'ram', 'state'];

/** The error of a boot, which must leave no process, and no file but a snapshot's own in the folder that it was given. */
async function failedBoot(
  bench: TestBench,
  changed: Partial<RootfsImage>,
  options: Partial<GuestOptions>,
): Promise<unknown> {
  const dir = bench.folder('boot');
  const files = readdirSync(bench.run.dir);
  const prepared = bench.engine.prepare({ ...image, ...changed }, { ...guestOptions, ...options }, dir);
  const error = await prepared.then(
    () => 'it booted',
    (reason: unknown) => reason,
  );
  expect(processesOf(bench.run.id)).toEqual([]);
  expect(readdirSync(bench.run.dir)).toEqual(files);
  expect(readdirSync(dir).filter((name) => !snapshotFiles.includes(name))).toEqual([]);
  return error;
}

async function withBench<T>(work: (bench: TestBench) => Promise<T>): Promise<T> {
  const bench = openBench();
  try {
    return await work(bench);
  } finally {
    bench.close();
  }
}

/** Some wait for a limit, or for the guest to: more of them than there are processors. */
const fewAtATime = pLimit(4);
/** Enough to reach the agent where four boot at a time. */
const patienceMs = 12_000;

describe.concurrent('a guest that does not boot', () => {
  test('is what a megabyte on the console is not: the boot goes on, and takes little memory', () =>
    fewAtATime(() =>
      withBench(async (bench) => {
        const before = retainedBytes();
        const { console } = await quickBoot(
          bench,
          { ...image, ...startedBy('/faults/chatty') },
          bench.folder('boot'),
        );
        expect(retainedBytes() - before).toBeLessThan(32 * mebibyte);
        expect(console).toEqual(expect.arrayContaining(['y', 'the last of 1048576 bytes', 'inittab done']));
      }),
    ));

  test.each<[string, () => Promise<Partial<RootfsImage>>, Partial<GuestOptions>, Expected]>([
    [
      'whose kernel has no driver for its disk and no initrd',
      async () => ({ initrdPath: undefined }),
      {},
      {
        code: 'guest',
        message:
          "the guest's kernel panicked while it booted: VFS: Unable to mount root fs on unknown-block(0,0)",
        remedy: /`initrd: auto`/,
        details: /Kernel panic/,
      },
    ],
    [
      'whose initrd lacks the drivers',
      bareInitrd,
      {},
      {
        code: 'guest',
        message: "the guest's kernel found no disk while it booted",
        remedy: /virtio-blk.*`kernel: auto`/,
        details: /snapgate: no disk: \/dev\/vda did not appear/,
      },
    ],
    [
      'whose disk is no file system',
      async () => ({ rootfsPath: noise }),
      {},
      {
        code: 'guest',
        message: "the guest's kernel could not start from its disk while it booted",
        remedy: /no ext4 that this kernel mounts/,
        details: /snapgate: no root: \/dev\/vda is not an ext4/,
      },
    ],
    [
      'whose init is not there',
      async () => startedBy('/no/such/init'),
      {},
      {
        code: 'guest',
        message: /^the guest's kernel panicked while it booted: Attempted to kill init!/,
        remedy: /init could not be run/,
        details: /no\/such\/init/,
      },
    ],
    [
      'whose kernel panics',
      async () => startedBy('/faults/panic'),
      {},
      {
        code: 'guest',
        message: "the guest's kernel panicked while it booted: sysrq triggered crash",
        remedy: /console/,
        // Of the console the end is kept: how many frames are above it, no two crashes agree on.
        details: /entry_SYSCALL_64_after_hwframe/,
      },
    ],
    [
      'that powers itself off',
      async () => startedBy('/faults/poweroff'),
      {},
      {
        code: 'guest',
        message: 'the guest powered itself off while it booted',
        remedy: /stay up/,
        details: /Power down/,
      },
    ],
    [
      'that hangs before the agent',
      async () => startedBy('/faults/hang'),
      { bootTimeoutMs: patienceMs },
      {
        code: 'guest',
        message: "the guest's agent said nothing within 12.0 s of its start",
        remedy: /`boot-timeout`/,
        details: /hangs here/,
      },
    ],
    [
      'that is never ready',
      async () => ({}),
      { bootTimeoutMs: patienceMs, readyCommand: 'echo not yet; exit 9' },
      {
        code: 'guest',
        message:
          'the guest was not ready (`ready-command` exited 9 last: not yet) within 12.0 s of its start',
        remedy: /`boot-timeout`/,
        details: /inittab done/,
      },
    ],
    [
      'whose `ready-command` does not end',
      async () => ({}),
      { bootTimeoutMs: patienceMs, readyCommand: 'sleep 1000' },
      {
        code: 'guest',
        message: /^the guest was not ready \(`ready-command` exited 137 last: Killed\) within 12.0 s/,
        remedy: /`boot-timeout`/,
        details: /inittab done/,
      },
    ],
    [
      'with something else on the port of the agent',
      async () => startedBy('/faults/liar'),
      {},
      {
        code: 'guest',
        message: 'while it booted, the guest cannot be driven any more: its agent said an endless line',
        remedy: /snapgate\.agent/,
        details: /EXT4-fs/,
      },
    ],
    [
      'in too little memory for its kernel',
      async () => ({}),
      { memoryBytes: 48 * mebibyte },
      {
        code: 'guest',
        message: 'the machine reset itself while it booted, before its kernel had said anything',
        remedy: /`memory-size`/,
        details: undefined,
      },
    ],
  ])('%s', (_what, changed, options, expected) =>
    fewAtATime(() =>
      withBench(async (bench) => expectError(await failedBoot(bench, await changed(), options), expected)),
    ),
  );

  test('because the run is over, at once', () =>
    fewAtATime(() =>
      withBench(async (bench) => {
        const reason = new SnapgateError('interrupted', 'interrupted by a test', 'none');
        let abortedMs = Number.NaN;
        setTimeout(() => {
          abortedMs = performance.now();
          bench.abort.abort(reason);
        }, 1500);
        expect(await failedBoot(bench, {}, {})).toBe(reason);
        expect(performance.now() - abortedMs).toBeLessThan(1000);
      }),
    ));

  test('because the run is over while `ready-command` is tried again and again', () =>
    fewAtATime(() =>
      withBench(async ({ run, abort, folder }) => {
        const { vm } = await powerOn(run, 'tcg', image, guestOptions, folder('boot'));
        try {
          if (vm.agent === undefined) throw new Error('the machine has no port for the agent');
          const channel = openChannel(vm.agent, false);
          const kind = await vm.guard(channel.hello);
          const options = { ...guestOptions, readyCommand: 'false' };
          const deadlineMs = performance.now() + 60_000;
          const reason = new SnapgateError('interrupted', 'interrupted by a test', 'none');
          setTimeout(() => abort.abort(reason), 700);
          await expect(waitUntilReady({ run, vm, channel, options, deadlineMs }, kind)).rejects.toBe(reason);
        } finally {
          await vm.close();
        }
        expect(processesOf(run.id)).toEqual([]);
      }),
    ));
});

function startedBy(init: string): Partial<RootfsImage> {
  return { kernelArgs: ['root=/dev/vda', 'rw', `init=${init}`] };
}

/** An initrd for the same kernel, of which no modules were found. */
async function bareInitrd(): Promise<Partial<RootfsImage>> {
  const kernel = await resolveKernel(shared.run, 'auto', 1024 * mebibyte);
  const modulesDir = shared.folder('no-modules');
  mkdirSync(join(modulesDir, 'lib/modules', kernel.version), { recursive: true });
  return { initrdPath: (await resolveInitrd(shared.run, 'auto', { ...kernel, modulesDir }))?.path };
}

function addFaultyInits(rootfs: string): void {
  const inits = {
    panic: 'mount -t proc proc /proc; echo c >/proc/sysrq-trigger',
    poweroff: 'poweroff -f',
    hang: 'echo hangs here; while :; do sleep 1000; done',
    liar: 'mount -t sysfs sysfs /sys; exec 3<>/dev/vport0p1; head -c 100000 /dev/zero >&3; sleep 1000',
    chatty: "yes | head -c 1048576; echo 'the last of 1048576 bytes'; exec /.snapgate/init",
  };
  mkdirSync(join(rootfs, 'faults'));
  for (const [name, script] of Object.entries(inits))
    writeFileSync(join(rootfs, 'faults', name), `#!/bin/sh\nexport PATH=/bin\n${script}\n`, { mode: 0o755 });
}

describe.concurrent('a guest that fails in a cycle', async () => {
  const base = await quickBoot(shared, image, shared.folder('base'), ['inittab done']);

  /** The error of a cycle, after which nothing runs, and the snapshot resumes as if nothing had been. */
  function failedCycle(
    cycle: (bench: TestBench, snapshot: QemuSnapshot) => Promise<unknown>,
  ): Promise<unknown> {
    return fewAtATime(() =>
      withBench(async (bench) => {
        const snapshot = await bench.engine.fork(base.snapshot, bench.folder('fork'));
        const error = await cycle(bench, snapshot).then(
          () => 'it went well',
          (reason: unknown) => reason,
        );
        expect(processesOf(bench.run.id)).toEqual([]);
        expect(readdirSync(snapshot.dir)).toEqual(snapshotFiles);
        const said = await askGuest(shared.run, snapshot, 'ls /full; cut -d . -f 1 /proc/uptime');
        expect(said.output.toString()).toMatch(/^ls: \/full: No such file or directory\n\d\n$/);
        return error;
      }),
    );
  }

  test.each<[string, Scenario, Expected]>([
    [
      'by a panic',
      command('echo c >/proc/sysrq-trigger'),
      {
        code: 'guest',
        message: "the guest's kernel panicked in a cycle of command: sysrq triggered crash",
        remedy: /console/,
        // Of the console the end is kept: how many frames are above it, no two crashes agree on.
        details: /entry_SYSCALL_64_after_hwframe/,
      },
    ],
    [
      'by powering itself off',
      command('poweroff; sleep 60'),
      {
        code: 'guest',
        message: 'the guest powered itself off in a cycle of command',
        remedy: /stay up/,
        details: /Power down/,
      },
    ],
    [
      'by a reboot',
      command('reboot -f'),
      {
        code: 'guest',
        message: 'the guest rebooted in a cycle of command',
        remedy: /stay up/,
        details: /Restarting system/,
      },
    ],
    [
      'by a reboot while it is left alone',
      command('(sleep 0.3; reboot -f) >/dev/null 2>&1 &', { settleMs: 60_000 }),
      {
        code: 'guest',
        message: 'the guest rebooted in a cycle of command',
        remedy: /stay up/,
        details: /Restarting system/,
      },
    ],
    [
      'because it kills the agent',
      command("kill -9 $(pidof busybox | tr ' ' '\\n' | tail -n 2 | head -n 1); sleep 60"),
      {
        code: 'guest',
        message: 'the snapgate agent in the guest ended in a cycle of command',
        remedy: /Leave the process alone/,
        details: undefined,
      },
    ],
    [
      'by an exit status',
      command('echo why; exit 7', { name: 'mine' }),
      {
        code: 'scenario',
        message: 'scenario mine: `run` exited 7',
        remedy: /last lines .* in the guest/,
        details: /^why$/,
      },
    ],
    [
      'by a check',
      { ...pause, name: 'mine', check: 'echo what; false' },
      {
        code: 'scenario',
        message: 'scenario mine: `check` exited 1',
        remedy: /last lines .* in the guest/,
        details: /^what$/,
      },
    ],
    [
      'by taking for ever',
      command('echo begun; sleep 1000', { timeoutMs: 1000 }),
      {
        code: 'scenario',
        message: 'scenario command: `run` did not end within 1.0 s',
        remedy: /Raise its time limit/,
        details: /begun/,
      },
    ],
    [
      'by a full disk',
      command('dd if=/dev/zero of=/full bs=64k'),
      {
        code: 'scenario',
        message: "scenario command: `run` exited 1: the guest's disk is full",
        remedy: /Raise `disk-size`/,
        details: /No space left on device/,
      },
    ],
    [
      'for want of memory',
      command('tail /dev/zero'),
      {
        code: 'scenario',
        message: 'scenario command: `run` exited 137: the guest was out of memory',
        remedy: /Raise `memory-size`/,
        details: /Killed/,
      },
    ],
  ])('%s', async (_what, scenario, expected) => {
    expectError(
      await failedCycle(({ engine }, snapshot) => engine.cycle(snapshot, scenario, { advance: true })),
      expected,
    );
  });

  test.each<[string, (vm: Vm) => unknown, Expected]>([
    [
      'because QEMU is killed',
      ({ pid }) => process.kill(pid, 'SIGKILL'),
      {
        code: 'host',
        message: 'QEMU was ended by SIGKILL in a cycle of mine',
        remedy: /memory ran out/,
        details: undefined,
      },
    ],
    [
      'because QEMU is told to quit',
      ({ qmp }) => qmp.execute('quit'),
      { code: 'host', message: 'QEMU exited 0 in a cycle of mine', remedy: /last lines/, details: undefined },
    ],
  ])('%s', async (_what, act, expected) => {
    const error = await failedCycle(({ run }, snapshot) =>
      runCycle(run, snapshot, { advance: true, activity: 'in a cycle of mine' }, async (vm) => {
        await act(vm);
        await delay(10_000, undefined, { ref: false });
      }),
    );
    expectError(error, expected);
  });

  test.each([0, 30, 60, 400])('because the run is over after %i ms, at once', async (afterMs) => {
    const reason = new SnapgateError('interrupted', 'interrupted by a test', 'none');
    let tookMs = Number.NaN;
    const error = await failedCycle(async ({ engine, abort }, snapshot) => {
      const begin = performance.now();
      setTimeout(() => abort.abort(reason), afterMs);
      await engine.cycle(snapshot, command('sleep 60'), { advance: true }).finally(() => {
        tookMs = performance.now() - begin;
      });
    });
    expect(error).toBe(reason);
    expect(tookMs - afterMs).toBeLessThan(1000);
  });
});

test('a machine that is ended before it has written its disk gives no snapshot', async () => {
  const dir = shared.folder('unfinished');
  const { vm } = await powerOn(shared.run, 'tcg', image, guestOptions, dir);
  try {
    await vm.pause(statePathOf(dir));
    process.kill(vm.pid, 'SIGKILL');
    await expect(vm.finish()).rejects.toMatchObject({
      code: 'host',
      message: 'QEMU was ended by SIGKILL while it booted',
    });
  } finally {
    await vm.close();
  }
});
