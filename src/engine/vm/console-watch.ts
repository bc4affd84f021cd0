import type { Readable } from 'node:stream';

/** A panicking kernel prints its call trace after the line that says so: it is over when nothing has come for as long. */
const quietMs = 500;
/** A guest that prints without end after its last line is not waited for. */
const traceMs = 5_000;

/** Calls back once, a little after the console has shown a line that `isLast` knows as one of the guest's last. */
export function watchConsole(console: Readable, isLast: (line: string) => boolean, onLast: () => void): void {
  let rest = '';
  const look = (chunk: Buffer) => {
    const lines = (rest + chunk.toString('latin1')).split(/\r*\n/);
    rest = (lines.pop() ?? '').slice(-500);
    if (!lines.some(isLast)) return;
    console.off('data', look);
    waitForQuiet(console, onLast);
  };
  console.on('data', look);
}

function waitForQuiet(console: Readable, onQuiet: () => void): void {
  const end = () => {
    console.off('data', again);
    clearTimeout(quiet);
    clearTimeout(limit);
    onQuiet();
  };
  let quiet = setTimeout(end, quietMs).unref();
  const limit = setTimeout(end, traceMs).unref();
  const again = () => {
    clearTimeout(quiet);
    quiet = setTimeout(end, quietMs).unref();
  };
  console.on('data', again);
}
