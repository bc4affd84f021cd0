import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { SnapgateError } from '../../src/host/error.ts';
import { checkGatedMetrics } from '../../src/job/gated-metrics.ts';

const commands = { engine: 'command', 'prepare-command': 'a', 'resume-command': 'b', 'pause-command': 'c' };

function refusal(given: Readonly<Record<string, string>>, file?: string): SnapgateError | undefined {
  try {
    checkGatedMetrics(
      readConfig(given, file === undefined ? undefined : { path: 'snapgate.yml', text: file }),
    );
    return undefined;
  } catch (error) {
    if (error instanceof SnapgateError) return error;
    throw error;
  }
}

describe('a metric that gates and that the engine cannot give', () => {
  it('is refused, with what to set in its place', () => {
    expect(refusal(commands)).toMatchObject({
      code: 'usage',
      message: 'memfile.writtenBytes gates, which engine command with format raw cannot give',
      remedy: expect.stringMatching(
        /^Whole files tell which pages changed.* Set metrics: memfile\.changedBytes, /,
      ),
    });
  });

  it.each([
    [{ 'max-memfile-written': '1MiB', metrics: 'memfile.changedBytes' }, 'memfile.writtenBytes'],
    [{ metrics: 'memfile.changedBytes memfile.hugeBytes' }, 'memfile.hugeBytes'],
    [{ metrics: 'memfile.storedBytes', format: 'sparse-diff' }, 'memfile.storedBytes'],
    [{ metrics: 'stateBytes', format: 'e2b' }, 'stateBytes'],
  ])('%j', (given, metric) => {
    expect(refusal({ ...commands, ...given })?.message).toMatch(new RegExp(`^${metric} gates`));
  });

  it.each(['qemu', 'firecracker'])('%s stores nothing itself', (engine) => {
    expect(refusal({ engine, rootfs: 'r', metrics: 'memfile.storedBytes' })?.message).toBe(
      `memfile.storedBytes gates, which engine ${engine} cannot give`,
    );
    expect(refusal({ engine, rootfs: 'r' })).toBeUndefined();
  });

  it('of the disk needs its file', () => {
    const given = { ...commands, format: 'sparse-diff', metrics: 'rootfs.writtenBytes' };
    expect(refusal(given)?.remedy).toMatch(/^Give rootfs-file: /);
    expect(refusal({ ...given, 'rootfs-file': 'disk' })).toBeUndefined();
  });

  it('in snapgate.yml, of a scenario that is run', () => {
    const file = 'gate: {pause: {memfile.writtenBytes: {max: 1MiB}}}';
    const given = { ...commands, metrics: 'memfile.changedBytes' };
    expect(refusal(given, file)?.message).toMatch(/^memfile\.writtenBytes gates/);
    expect(refusal({ ...given, scenarios: 'idle-2s' }, file)).toBeUndefined();
  });
});

it.each([
  [{}],
  [{ ...commands, metrics: 'memfile.changedBytes' }],
  [{ ...commands, format: 'sparse-diff' }],
  [{ ...commands, format: 'e2b' }],
  [{ ...commands, metrics: 'memfile.changedBytes rootfs.writtenBytes', 'rootfs-file': 'disk' }],
])('what the engine can give is not refused: %j', (given) => {
  expect(refusal(given)).toBeUndefined();
});
