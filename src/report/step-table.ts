import { formatBytes } from '../host/units.ts';
import type { Measurement, Sample } from '../measure/record.ts';
import { visibleText } from './escape.ts';

type Metrics = Sample['metrics'];
type Boot = Measurement['boots'][number];

/** As the shell script titled its steps that this benchmark was at first: its users look for them. */
const stepTitles: Readonly<Record<string, string>> = {
  pause: 'Step 2: Immediate pause (baseline — no activity)',
  'idle-2s': 'Step 3: Resume + sleep 2s + pause (idle drift)',
  'idle-5s': 'Step 4: Resume + sleep 5s + pause (longer idle drift)',
  'write-64k': 'Step 5: Resume + write files via envd + pause',
  spawn: 'Step 6: Resume + start process via envd + pause',
  'pause-x10': 'Step 7: Multi-iteration pause benchmark (10x immediate pause)',
};

/**
 * The steps of each boot of engine e2b, with what each stored, to the byte; nothing for other engines. Scenarios of the user's own come
 * under their names.
 *
 * @param side what the measurement stands for here; it may have been stored as another
 */
export function stepTable(measurement: Measurement, side: Measurement['side'] = measurement.side): string[] {
  if (measurement.fingerprint.engine !== 'e2b') return [];
  const { boots, scenarios } = measurement;
  return boots.flatMap((boot) => [
    `${side}, boot ${boot.index + 1} of ${boots.length}`,
    title('Step 1: Build base template'),
    `  ${sizes(boot.snapshot ?? {})}`,
    ...scenarios.flatMap(({ name }) => stepLines(boot, name)),
    title('Done'),
  ]);
}

/** The steps of both sides. */
export function stepTables(sides: {
  readonly base?: Measurement | undefined;
  readonly head?: Measurement | undefined;
}): string[] {
  return (['base', 'head'] as const).flatMap((side) => {
    const measurement = sides[side];
    return measurement === undefined ? [] : stepTable(measurement, side);
  });
}

function title(text: string): string {
  return `=== ${text} ===`;
}

function stepLines({ samples }: Boot, scenario: string): string[] {
  const known = Object.hasOwn(stepTitles, scenario) ? stepTitles[scenario] : undefined;
  const own = samples.filter((sample) => sample.scenario === scenario);
  return [title(known ?? visibleText(scenario, 60)), ...own.flatMap(sampleLines)];
}

function sampleLines({ round, warmup, metrics, parts = [] }: Sample): string[] {
  const which = `round ${round + 1}${warmup ? ' (warm-up)' : ''}`;
  return [
    ...parts.map((part, index) => `  ${which}, pause ${index + 1}: ${sizes(part)}`),
    `  ${which}${parts.length > 0 ? `, all ${parts.length}` : ''}: ${sizes(metrics)}`,
  ];
}

function sizes(metrics: Metrics): string {
  return `memfile diff ${exact(metrics['memfile.writtenBytes'])}, rootfs diff ${exact(metrics['rootfs.writtenBytes'])}`;
}

function exact(bytes: number | undefined): string {
  return bytes === undefined ? 'not told' : `${bytes} B (${formatBytes(bytes)})`;
}
