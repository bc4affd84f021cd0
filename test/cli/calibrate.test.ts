import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import zlib from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calibrationSchema } from '../../src/gate/calibration-record.ts';
import type { Measurement } from '../../src/measure/record.ts';
import { temporaryFolder, writeFiles } from '../baseline/repository.ts';
import { noisyMeasurement } from '../gate/noisy-measurement.ts';
import { run } from './shell.ts';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const measured = noisyMeasurement({ boots: 12, between: 0.002, within: 0.005, seed: 1, pages: 2560 });
const part = (from: number, to: number): Measurement => ({
  ...measured,
  boots: measured.boots.slice(from, to),
});
const records = {
  'all.json': measured,
  // Of a gate's two sides of one image, under another name.
  'monday.json': {
    ...part(0, 6),
    side: 'base',
    subject: { label: 'main' },
    plan: { leastBoots: 2, mostBoots: 10 },
  },
  'tuesday.json': part(6, 12),
  'few.json': part(0, 3),
  'other-image.json': { ...part(0, 6), image: { ...measured.image, rootfsSha256: 'd'.repeat(64) } },
  'other-cpu.json': { ...part(0, 6), fingerprint: { ...measured.fingerprint, hostCpu: 'Another' } },
  'no-rounds.json': {
    ...measured,
    boots: measured.boots.map((boot) => ({ ...boot, samples: boot.samples.slice(0, 3) })),
  },
};

const shell = (...argv: string[]) =>
  run(['calibrate', ...argv, '--work-dir', folder.path], { cwd: folder.path });

beforeAll(() => {
  writeFiles(
    folder.path,
    Object.fromEntries(Object.entries(records).map(([name, record]) => [name, JSON.stringify(record)])),
  );
});

describe('calibrate', () => {
  it('tells of stored measurements what a gate makes of them, in a table and a record', {
    timeout: 120_000,
  }, async () => {
    const { status, stdout, stderr } = await shell('monday.json', 'tuesday.json', '--output-dir', 'out');
    expect(status).toBe(0);
    const record = calibrationSchema.parse(
      JSON.parse(readFileSync(join(folder.path, 'out/calibration.json'), 'utf8')),
    );
    expect(record).toMatchObject({
      boots: 12,
      rounds: 8,
      subject: { label: 'main' },
      simulated: { gates: 1000, pass: 1000, medianPairs: 2 },
      gate: { failAbove: 0.05, minGrowthBytes: 262_144, leastBoots: 2, mostBoots: 10 },
    });
    expect(stdout).toMatch(/^calibrated on main\n12 boots, each 8 rounds after 2 to warm up; /);
    expect(stdout).toMatch(/\nmeasured, halves of 12 +1000 +0\.0 % +100\.0 % +0\.0 % +2 +2\.0\n/);
    expect(stdout).toMatch(/\nsimulated +1000 +0\.0 % \(0\.0 % … 0\.4 %\) +100\.0 % /);
    expect(stdout).toMatch(/\nidle-2s +9\.99 MiB +0\.5 % /);
    expect(stdout).toMatch(
      /\nSuggested\n--fail-above 2% --min-growth 16KiB --boots 2 --max-boots \d+ --cycles \d+\n/,
    );
    expect(stderr).toContain('calibrating: the smallest growth of idle-2s that is found');
    expect(readdirSync(join(folder.path, 'out'))).toEqual(['calibration.json']);
  });

  it('gives the record with --json, and the same of the same boots in one file', {
    timeout: 120_000,
  }, async () => {
    const whole = await shell('all.json', '--json', '--max-boots', '3', '--fail-above', '3%');
    const parts = await shell(
      'tuesday.json',
      'monday.json',
      '--json',
      '--max-boots',
      '3',
      '--fail-above',
      '3%',
    );
    const [one, other] = [whole, parts].map(({ stdout }) => calibrationSchema.parse(JSON.parse(stdout)));
    expect(one).toEqual({ ...other, createdAt: one?.createdAt });
    expect(one?.gate).toMatchObject({ failAbove: 0.03, mostBoots: 3 });
  });

  it.each([
    [['few.json'], 65, /there are 3 boots of the image, and a gate of it with itself takes 4 at least/],
    [['tuesday.json', 'other-image.json'], 65, /cannot be put together: image\.rootfsSha256 is /],
    [
      ['tuesday.json', 'other-cpu.json'],
      65,
      /cannot be compared: hostCpu is "Example CPU" on base and "Another"/,
    ],
    [['no-rounds.json'], 65, /no scenario has a metric that gates by growth and two cycles/],
    [['gone.json'], 65, /there is no file .*gone\.json/],
    [['--sample', '3'], 64, /--sample "3" is not a number from 4 to 200/],
    [['--sample', '1e2'], 64, /--sample "1e2" is not a number/],
    [['--sample', '5', '--rootfs', 'x'], 64, /--sample 5 is odd/],
    [['--sample', '4', '--boots', '3', '--rootfs', 'x'], 64, /--sample 4 is less than a gate .* boots: 3/],
    [[], 64, /no image source is given/],
    [['all.json', '--base', 'none'], 64, /there is no option --base/],
  ])('of %j exits %i and says why', async (argv, expected, message) => {
    const { status, stdout, stderr } = await shell(...argv);
    expect([status, stdout]).toEqual([expected, '']);
    expect(stderr).toMatch(message);
  });
});

it('asks for zstd only where it boots', async () => {
  const { zstdCompressSync } = zlib;
  try {
    Object.assign(zlib, { zstdCompressSync: undefined });
    expect((await shell('few.json')).stderr).toMatch(/there are 3 boots of the image/);
    expect((await shell('--rootfs', 'x')).stderr).toMatch(/snapgate measures with Node 24/);
  } finally {
    Object.assign(zlib, { zstdCompressSync });
  }
});
