import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

export interface SettleOptions {
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

const windowMs = 1_000;
/** sysconf(_SC_CLK_TCK), 100 on every Linux that QEMU runs on. */
const ticksPerSecond = 100;

/**
 * Waits until a machine's use of the host's processor has come down, seen from outside so that the guest is not disturbed. False when
 * the limit came first.
 */
export async function waitUntilSettled(pid: number, { limitMs, signal }: SettleOptions): Promise<boolean> {
  const shares: number[] = [];
  let last = cpuSeconds(pid);
  let lastMs = performance.now();
  const endMs = lastMs + limitMs;
  while (performance.now() + windowMs <= endMs) {
    await delay(windowMs, undefined, { signal });
    const now = cpuSeconds(pid);
    const nowMs = performance.now();
    shares.push((now - last) / ((nowMs - lastMs) / 1000));
    if (isSettled(shares)) return true;
    last = now;
    lastMs = nowMs;
  }
  return false;
}

/**
 * Whether the shares of a core used in consecutive windows say that the start is over: three quiet windows, or six that are alike, as of
 * a guest whose services always do something.
 */
export function isSettled(shares: readonly number[]): boolean {
  const quiet = shares.slice(-3);
  if (quiet.length === 3 && quiet.every((share) => share < 0.15)) return true;
  const alike = shares.slice(-6);
  return alike.length === 6 && Math.max(...alike) < 0.8 && Math.max(...alike) - Math.min(...alike) < 0.1;
}

/** User and system time of a process, fields 14 and 15 of proc(5)'s stat. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
