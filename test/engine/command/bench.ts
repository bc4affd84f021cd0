import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCommandEngine } from '../../../src/engine/command/engine.ts';
import type { CommandSnapshot } from '../../../src/engine/command/snapshot.ts';
import type { BootResult, Engine, GuestOptions, Scenario } from '../../../src/engine/contract.ts';
import type { CommandSettings } from '../../../src/engine/settings.ts';
import { openTestRun, type TestRun } from '../../baseline/test-run.ts';

export const kibi = 1024;
export const guest: GuestOptions = {
  memoryBytes: 1024 * kibi,
  vcpus: 1,
  bootTimeoutMs: 60_000,
  readyCommand: undefined,
};

export const pause: Scenario = {
  name: 'pause',
  run: undefined,
  settleMs: 0,
  check: undefined,
  from: 'previous',
  repeat: 1,
  timeoutMs: 30_000,
};

/** Commands whose guest is a file of random bytes in place of a memory, in which a cycle writes nothing. */
export const stillCommands: CommandSettings = {
  kind: 'command',
  prepare:
    'head -c "$SNAPGATE_MEMORY_BYTES" /dev/urandom >"$SNAPGATE_OUT/memfile"; echo state >"$SNAPGATE_OUT/state"',
  resume: 'cp "$SNAPGATE_PARENT/memfile" "$SNAPGATE_WORK/memory"',
  pause: 'mv "$SNAPGATE_WORK/memory" "$SNAPGATE_OUT/memfile"; echo state >"$SNAPGATE_OUT/state"',
  cleanup: undefined,
  version: undefined,
  memfile: 'memfile',
  rootfsFile: undefined,
  format: 'raw',
  timeoutMs: 60_000,
};

export interface CommandBench extends Disposable {
  readonly test: TestRun;
  /** Where the commands run. */
  readonly checkout: string;
  engine(settings?: Partial<CommandSettings>): Engine<CommandSnapshot>;
  /** A base snapshot of these commands. */
  boot(engine: Engine<CommandSnapshot>, options?: GuestOptions): Promise<BootResult<CommandSnapshot>>;
}

export function openCommandBench(): CommandBench {
  const folder = mkdtempSync(join(tmpdir(), 'snapgate-command-'));
  const checkout = join(folder, 'checkout');
  mkdirSync(checkout);
  const test = openTestRun(folder);
  let boots = 0;
  return {
    test,
    checkout,
    engine: (settings = {}) => createCommandEngine(test.run, { ...stillCommands, ...settings }, checkout),
    boot: async (engine, options = guest) => {
      const image = await engine.build?.({ side: 'head', checkout, rootfs: undefined });
      if (image === undefined) throw new Error('the engine builds no guest');
      boots += 1;
      const dir = join(test.run.dir, `boot-${boots}`);
      mkdirSync(dir);
      return engine.prepare(image, options, dir);
    },
    [Symbol.dispose]: () => {
      test[Symbol.dispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
