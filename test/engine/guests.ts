import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Engine, GuestOptions, Scenario } from '../../src/engine/contract.ts';
import { powerOn } from '../../src/engine/qemu/boot.ts';
import { createQemuEngine } from '../../src/engine/qemu/engine.ts';
import { type QemuSnapshot, statePathOf } from '../../src/engine/qemu/snapshot.ts';
import { type HelloKind, openChannel } from '../../src/guest/channel.ts';
import { closeRun, openRun } from '../../src/host/cleanup.ts';
import type { Run } from '../../src/host/run.ts';
import { sha256OfFile } from '../../src/image/file-hash.ts';
import { resolveInitrd } from '../../src/image/initrd.ts';
import { injectGuest } from '../../src/image/inject.ts';
import { resolveKernel } from '../../src/image/kernel.ts';
import type { RootfsImage } from '../../src/image/types.ts';
import { type BusyboxKind, busyboxRootfs } from '../fixtures/busybox.ts';
import { debianRootfs } from '../fixtures/debian.ts';
import { makeExt4 } from '../fixtures/ext4.ts';

const mebibyte = 1024 * 1024;
const cacheDir = join(import.meta.dirname, '../../node_modules/.cache/snapgate-tests/cache');

/** A run in a temporary folder, what it has logged, and an engine under TCG. */
export interface TestBench {
  readonly run: Run;
  readonly engine: Engine<QemuSnapshot>;
  readonly logged: string[];
  readonly abort: AbortController;
  /** A new empty folder. */
  folder(name: string): string;
  /** Ends all processes of the run and removes its files. */
  close(): void;
}

export function openBench(): TestBench {
  const work = mkdtempSync(join(tmpdir(), 'snapgate-engine-'));
  const logged: string[] = [];
  const keep = (message: string) => void logged.push(message);
  const abort = new AbortController();
  const run = openRun(work, cacheDir, { info: keep, warning: keep, detail: keep }, abort.signal);
  return {
    run,
    engine: createQemuEngine(run, { accel: 'tcg' }),
    logged,
    abort,
    folder: (name) => {
      const dir = join(run.dir, name);
      mkdirSync(dir);
      return dir;
    },
    close: () => {
      closeRun(run.dir);
      rmSync(work, { recursive: true, force: true });
    },
  };
}

/** What making an image takes. */
export type Workplace = Pick<TestBench, 'run' | 'folder'>;

/** A guest of busybox, which boots in three seconds; see busyboxRootfs. `prepare` may add to its folder before the ext4 is made. */
export async function busyboxImage(
  { run, folder }: Workplace,
  prepare: (rootfs: string) => void = () => {},
  kind: BusyboxKind = 'init',
): Promise<RootfsImage> {
  const dir = folder(`busybox-image-${kind}`);
  const { path, container } = busyboxRootfs(kind, dir);
  prepare(path);
  return makeImage(run, makeExt4(dir, path, 24 * mebibyte), container);
}

/** Debian with systemd and python3, which takes 20 s and more. */
export async function debianImage({ run, folder }: Workplace): Promise<RootfsImage> {
  const tar = await debianRootfs();
  return makeImage(run, makeExt4(folder('debian-image'), tar, 448 * mebibyte), undefined);
}

export const guestOptions: GuestOptions = {
  memoryBytes: 128 * mebibyte,
  vcpus: 1,
  bootTimeoutMs: 120_000,
  readyCommand: undefined,
};

export interface QuickBoot {
  readonly snapshot: QemuSnapshot;
  readonly kind: HelloKind;
  readonly console: readonly string[];
}

/**
 * Boots until the agent has said hello and the console shows each of `texts`, and pauses there: what prepare() does without its wait
 * for a guest at rest.
 */
export async function quickBoot(
  { run }: TestBench,
  image: RootfsImage,
  dir: string,
  texts: readonly string[] = [],
  options: GuestOptions = guestOptions,
): Promise<QuickBoot> {
  const { vm, machine } = await powerOn(run, 'tcg', image, options, dir);
  try {
    if (vm.agent === undefined) throw new Error('the machine has no port for the agent');
    const kind = await vm.guard(openChannel(vm.agent, false).hello);
    const shown = () => vm.consoleLines(1000).join('\n');
    while (!texts.every((text) => shown().includes(text))) await vm.guard(setTimeout(20));
    await vm.pause(statePathOf(dir));
    await vm.finish();
    return { snapshot: { dir, machine }, kind, console: vm.consoleLines(1000) };
  } finally {
    await vm.close();
  }
}

export const pause: Scenario = {
  name: 'pause',
  run: undefined,
  settleMs: 0,
  check: undefined,
  from: 'previous',
  repeat: 1,
  timeoutMs: 30_000,
};

/** A scenario of one command. */
export function command(run: string, more: Partial<Scenario> = {}): Scenario {
  return { ...pause, name: 'command', run, ...more };
}

async function makeImage(
  run: Run,
  rootfsPath: string,
  container: Parameters<typeof injectGuest>[2],
): Promise<RootfsImage> {
  const kernel = await resolveKernel(run, 'auto', 1024 * mebibyte);
  const initrd = await resolveInitrd(run, 'auto', kernel);
  const start = await injectGuest(run, rootfsPath, container);
  return {
    kind: 'rootfs',
    rootfsPath,
    rootfsSha256: await sha256OfFile(rootfsPath),
    rootfsBytes: statSync(rootfsPath).size,
    kernelPath: kernel.path,
    kernelVersion: kernel.version,
    kernelSha256: kernel.sha256,
    initrdPath: initrd?.path,
    initrdSha256: initrd?.sha256,
    ...start,
  };
}
