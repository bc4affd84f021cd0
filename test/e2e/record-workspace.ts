import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Measurement } from '../../src/measure/record.ts';
import { sampleMeasurement } from '../gate/sample-measurement.ts';

/** A page in bytes. */
const page = 4096;

/** A side on which every boot of one scenario dirties exactly so many pages a cycle. */
export function exactSide(
  side: 'base' | 'head',
  pages: number,
  more: Partial<Measurement> = {},
): Measurement {
  const scenario = {
    name: 'turn',
    run: undefined,
    settleMs: 0,
    check: undefined,
    from: 'previous',
    repeat: 1,
    timeoutMs: 1000,
  } as const;
  const metrics = () => ({ 'memfile.writtenBytes': pages * page });
  const measurement = sampleMeasurement({ side, scenarios: [scenario], metrics });
  return { ...measurement, createdAt: new Date().toISOString(), ...more };
}

/** A workspace that holds records alone: what decides on them builds and boots nothing. */
export function recordWorkspace(
  folder: string,
  base: Measurement,
  head: Measurement,
): { readonly workspace: string; readonly inputs: Readonly<Record<string, string>> } {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'base.json'), JSON.stringify(base));
  writeFileSync(join(folder, 'head.json'), JSON.stringify(head));
  return { workspace: folder, inputs: { base: 'measurement:base.json', head: 'measurement:head.json' } };
}
