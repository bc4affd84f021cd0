import { parentPort, workerData } from 'node:worker_threads';
import { tallyGates } from '../src/gate/simulate.ts';
import type { GateTask, GateThreadData } from './gate-threads.ts';

/** Simulates the gates of one task after the other. */
const { model, setting }: GateThreadData = workerData;
parentPort?.on('message', ({ experiment, range }: GateTask) => {
  parentPort?.postMessage(tallyGates(model, setting, experiment, range));
});
