import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { calibrationSchema } from '../../src/gate/calibration-record.ts';
import { measurementSchema } from '../../src/measure/record.ts';
import { temporaryFolder } from '../baseline/repository.ts';
import { run } from './shell.ts';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

/** Guests of commands, whose cycles write 500 pages and up to 3 more, by chance. */
const commands = {
  'prepare-command': 'truncate -s "$SNAPGATE_MEMORY_BYTES" "$SNAPGATE_OUT/memfile"',
  'resume-command': 'true',
  'pause-command': [
    'truncate -s "$SNAPGATE_MEMORY_BYTES" "$SNAPGATE_OUT/memfile"',
    'more=$(od -An -N1 -tu1 /dev/urandom)',
    'dd if=/dev/urandom of="$SNAPGATE_OUT/memfile" bs=4096 count=$((500 + more % 4)) conv=notrunc status=none',
  ].join('; '),
  format: 'sparse-diff',
};

it('builds, boots and calibrates, and leaves the boots for another time', { timeout: 240_000 }, async () => {
  const options = {
    engine: 'command',
    ...commands,
    'memory-size': '64MiB',
    scenarios: 'pause',
    cycles: '4',
    warmup: '1',
    sample: '6',
    'max-boots': '4',
    'work-dir': folder.path,
    'cache-dir': join(folder.path, 'cache'),
  };
  const argv = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  const { status, stdout, stderr } = await run(['calibrate', '--json', ...argv], { cwd: folder.path });
  expect([status, stderr]).toEqual([0, expect.stringContaining('head boot 3 of 3')]);
  const record = calibrationSchema.parse(JSON.parse(stdout));
  expect(record).toMatchObject({ boots: 6, rounds: 4, warmupRounds: 1, simulated: { gates: 1000, fail: 0 } });
  expect(record.rows).toHaveLength(1);
  expect(record.rows[0]?.location).toBeGreaterThanOrEqual(500 * 4096);
  expect(record.rows[0]?.location).toBeLessThanOrEqual(503 * 4096);
  const out = join(folder.path, 'snapgate-report');
  expect(readdirSync(out).toSorted()).toEqual(['calibration.json', 'measurement.json']);
  const { boots, side } = measurementSchema.parse(
    JSON.parse(readFileSync(join(out, 'measurement.json'), 'utf8')),
  );
  expect([side, boots.length]).toEqual(['head', 6]);
  expect(boots.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5]);
  const again = await run(
    ['calibrate', 'snapgate-report/measurement.json', '--max-boots=4', '--json', `--work-dir=${folder.path}`],
    { cwd: folder.path },
  );
  const { createdAt } = record;
  expect({ ...calibrationSchema.parse(JSON.parse(again.stdout)), createdAt }).toEqual(record);
});
