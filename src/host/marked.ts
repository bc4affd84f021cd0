import { readdirSync, readFileSync } from 'node:fs';

/** How processes of a run are found, whoever started them: what snapgate starts has it in its environment, and so has all that is started by that. */
export function endMarkedProcesses(name: string, value: string): void {
  // Again until there is none: builds fork while they die.
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const pids = markedProcesses(name, value);
    if (pids.length === 0) return;
    for (const pid of pids) killQuietly(pid);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
}

/** Waits until there is none that has the mark, with the thread; no longer than `limitMs`. */
export function awaitMarkedProcesses(name: string, value: string, limitMs: number): void {
  const deadline = performance.now() + limitMs;
  while (performance.now() < deadline) {
    if (markedProcesses(name, value).length === 0) return;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  }
}

/** Their ids; this process is never one of them. */
function markedProcesses(name: string, value: string): number[] {
  const mark = Buffer.from(`${name}=${value}\0`);
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid && hasMark(pid, mark));
}

function hasMark(pid: number, mark: Buffer): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`).includes(mark);
  } catch {
    return false;
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
