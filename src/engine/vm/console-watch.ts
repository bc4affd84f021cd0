import type { Readable } from 'node:stream';

/** A panicking kernel prints its call trace after the line that says so. */
const traceMs = 500;

/** Calls back once, a little after the console has shown a line that `isLast` knows as one of the guest's last. */
export function watchConsole(console: Readable, isLast: (line: string) => boolean, onLast: () => void): void {
  let rest = '';
  const look = (chunk: Buffer) => {
    const lines = (rest + chunk.toString('latin1')).split(/\r*\n/);
    rest = (lines.pop() ?? '').slice(-500);
    if (!lines.some(isLast)) return;
    console.off('data', look);
    setTimeout(onLast, traceMs).unref();
  };
  console.on('data', look);
}
