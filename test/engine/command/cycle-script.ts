import type { CommandSettings } from '../../../src/engine/settings.ts';
import { SnapgateError } from '../../../src/host/error.ts';
import { openCommandBench, pause } from './bench.ts';

/*
 * A boot and a cycle, as whoever runs this: `node cycle-script.ts SETTINGS`, settings of the engine as JSON. Prints what became of it.
 */

const settings: Partial<CommandSettings> = JSON.parse(process.argv[2] ?? '{}');
using bench = openCommandBench();
const engine = bench.engine(settings);
let said = 'done';
let lines: readonly string[] = [];
try {
  const { snapshot } = await bench.boot(engine);
  await engine.cycle(snapshot, pause, { advance: true });
} catch (error) {
  said = error instanceof SnapgateError ? `${error.code}: ${error.message}` : `a bug: ${error}`;
  if (error instanceof SnapgateError) lines = error.details?.lines ?? [];
}
process.stdout.write(JSON.stringify({ said, lines, warnings: bench.test.warnings }));
