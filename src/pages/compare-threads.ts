import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Run } from '../host/run.ts';
import { createSpanComparer, type SharedComparison, spanBytes } from './compare-spans.ts';
import { pageBytes } from './page-set.ts';

/** How a comparison is shared out. */
export interface Threads {
  /** At most this many. The calling thread is one of them, and works between other things; the others are workers. */
  readonly count: number;
  /** What a worker runs: `src/compare-worker.ts`, or what is built of it. */
  readonly program: string;
}

/** As many as there are processors, up to four: then they wait for the memory. */
export function defaultThreads(): Threads {
  return { count: Math.min(availableParallelism(), 4), program: workerProgram };
}

/** Works on the comparison until it is done; no thread is left then, nor after an error or the end of the run. */
export async function compareInThreads(run: Run, shared: SharedComparison, threads: Threads): Promise<void> {
  const count = Math.min(threads.count, Math.ceil(dataBytesOf(shared) / threadBytes));
  run.signal.throwIfAborted();
  if (count > 1) await compareWithWorkers(run, shared, count - 1, threads.program);
  else await compareHere(shared, run.signal);
  const done = Atomics.load(shared.spans, 1);
  const all = Math.ceil(shared.bytes / spanBytes);
  if (done !== all) throw new Error(`${done} of its ${all} parts were compared`);
}

/** Beside the entry's folder in dist/, above this one's in src/. */
const workerProgram = join(
  import.meta.dirname,
  import.meta.filename.endsWith('.ts') ? '../compare-worker.ts' : '../compare-worker/index.js',
);

/** Less than this is compared before a second thread has started. */
const threadBytes = 64 * 1024 * 1024;

function dataBytesOf({ data }: SharedComparison): number {
  let pages = 0;
  for (let index = 0; index < data.length; index += 2) pages += (data[index + 1] ?? 0) - (data[index] ?? 0);
  return pages * pageBytes;
}

/** Span by span, so that an abort and the ends of other threads are noticed. */
async function compareHere(shared: SharedComparison, signal: AbortSignal): Promise<void> {
  const compareNext = createSpanComparer(shared);
  while (compareNext()) {
    await setImmediate();
    signal.throwIfAborted();
  }
}

async function compareWithWorkers(
  run: Run,
  shared: SharedComparison,
  workerCount: number,
  program: string,
): Promise<void> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(run.signal.reason);
  run.signal.addEventListener('abort', abort, { once: true });
  const stop = new AbortController();
  const workers = Array.from({ length: workerCount }, () => startWorker(program, shared));
  const here = compareHere(shared, stop.signal);
  try {
    await Promise.race([aborted, Promise.all([here, ...workers.map(endOf)])]);
  } finally {
    run.signal.removeEventListener('abort', abort);
    stop.abort();
    // Before the files are closed that they read.
    await Promise.allSettled([here, ...workers.map((worker) => worker.terminate())]);
  }
}

/** With nothing of this thread's environment: it needs none. */
function startWorker(program: string, shared: SharedComparison): Worker {
  return new Worker(program, { workerData: shared, env: {}, argv: [], execArgv: [] });
}

function endOf(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`a thread ended with status ${code}`)),
    );
  });
}
