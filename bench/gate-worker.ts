import { parentPort, workerData } from 'node:worker_threads';
import type { GateModel } from '../src/gate/simulate.ts';
import { tallyGates } from '../src/gate/tally.ts';
import type { GateTask } from './gate-threads.ts';

/** Simulates the gates of one task after the other. */
const model: GateModel = workerData;
parentPort?.on('message', ({ setting, experiment, range }: GateTask) => {
  parentPort?.postMessage(tallyGates(model, setting, experiment, range));
});
