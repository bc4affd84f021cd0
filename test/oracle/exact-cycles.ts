/**
 * Boots the oracle guest under an accelerator and says, as JSON, what cycles of 0, 1, 7 and 200 pages cost: for tests that run it as
 * another user. `exact-cycles.ts ACCELERATOR FOLDER`; `{"boots": REASON}` where the guest does not boot.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { closeRun, openRun } from '../../src/host/cleanup.ts';
import { buildOracle } from './build.ts';
import { oracleCycle, tryBootOracle } from './guest.ts';
import { firstFreePage } from './model.ts';
import { strided } from './order.ts';

const [accelerator = '', folder = ''] = process.argv.slice(2);
if (accelerator !== 'kvm' && accelerator !== 'tcg') throw new Error(`no accelerator ${accelerator}`);
const quiet = { info: () => {}, warning: () => {}, detail: () => {} };
const run = openRun(folder, join(folder, 'cache'), quiet, new AbortController().signal);
try {
  const dir = join(run.dir, 'snapshot');
  mkdirSync(dir);
  const elf = await buildOracle(run, run.dir);
  const options = { elf, accelerator, ramBytes: 16 * 1024 * 1024, dir } as const;
  const snapshot = await tryBootOracle(run, options, 20_000);
  console.log(
    JSON.stringify(typeof snapshot === 'string' ? { boots: snapshot } : { cycles: await cycles() }),
  );

  async function cycles() {
    if (typeof snapshot === 'string') return [];
    const costs = [];
    for (const pages of [0, 1, 7, 200]) {
      const order = { operation: 'noise', walk: strided(firstFreePage, 3, pages), salt: pages + 1 } as const;
      const { metrics } = await oracleCycle(run, snapshot, (line) => line.order(order));
      costs.push({
        pages,
        written: metrics['memfile.writtenBytes'],
        changed: metrics['memfile.changedBytes'],
      });
    }
    return costs;
  }
} finally {
  closeRun(run.dir);
}
