import type { Scenario } from '../engine/contract.ts';
import { guestDir } from '../guest/protocol.ts';

/** Limit of what a built-in scenario runs: a guest under emulation on a busy host is slow, not stuck. */
const builtInTimeoutMs = 60_000;

const nothing: Omit<Scenario, 'name'> = {
  run: undefined,
  settleMs: 0,
  check: undefined,
  from: 'previous',
  repeat: 1,
  timeoutMs: builtInTimeoutMs,
};

/**
 * A new file of 64 KiB by dd, onto the disk by fsync so that the pause finds it there. The agent's folder is on the root file
 * system of every guest of snapgate's own making, and its busybox stands in where the image has no dd; /var/tmp is for the others.
 */
const write64k = `dir=${guestDir}; [ -d $dir ] || dir=/var/tmp; dd=dd; command -v dd >/dev/null 2>&1 || dd="$dir/busybox dd"; $dd if=/dev/urandom of=$dir/write-64k bs=64k count=1 conv=fsync`;

/** One short-lived process: python3 where there is one, else a shell, else the agent's own. */
const spawn = `if command -v python3 >/dev/null 2>&1; then python3 -c 0; elif command -v sh >/dev/null 2>&1; then sh -c :; else ${guestDir}/busybox sh -c :; fi`;

/** The scenarios that every run has unless told otherwise, in the order they run. */
export const builtInScenarios: readonly Scenario[] = [
  { ...nothing, name: 'pause' },
  { ...nothing, name: 'idle-2s', settleMs: 2000 },
  { ...nothing, name: 'idle-5s', settleMs: 5000 },
  { ...nothing, name: 'write-64k', run: write64k },
  { ...nothing, name: 'spawn', run: spawn },
  { ...nothing, name: 'pause-x10', repeat: 10 },
];

/** The scenario whose dirtied bytes are the floor under all others: what pausing and the agent themselves cost. */
export const floorScenario = 'pause';
