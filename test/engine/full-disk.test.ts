import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { explainQemuFullDisk } from '../../src/engine/qemu/full-disk.ts';
import { QmpError } from '../../src/engine/qemu/qmp.ts';
import { SnapgateError } from '../../src/host/error.ts';

/** A file system without a free byte that every Linux has. */
const full = '/proc';
let roomy: string;
beforeEach(() => {
  roomy = mkdtempSync(join(tmpdir(), 'snapgate-test-'));
});
afterEach(() => rmSync(roomy, { recursive: true, force: true }));

const ioError = new QmpError('xen-save-devices-state', 'An IO error has occurred');
const refused = new QmpError('stop', 'not now');
const busError = new SnapgateError('host', 'QEMU was ended by SIGBUS in a cycle of x', 'remedy');

function hostError(...lines: string[]): SnapgateError {
  return new SnapgateError('host', 'qemu-img exited 1', 'remedy', {
    details: { title: 'last lines', lines },
  });
}

async function explained(dir: string, error: unknown): Promise<unknown> {
  const failing = explainQemuFullDisk(dir, async () => {
    throw error;
  });
  return failing.catch((caught: unknown) => caught);
}

describe('explainQemuFullDisk', () => {
  it('gives the result of what works', async () => {
    expect(await explainQemuFullDisk(full, async () => 7)).toBe(7);
  });

  it('says so where Linux itself has no room', async () => {
    const write = explainQemuFullDisk(roomy, async () => writeFileSync('/dev/full', 'x'));
    await expect(write).rejects.toMatchObject({
      code: 'host',
      message: `the disk of this machine is full at ${roomy}, where the guest's memory and disk are kept`,
      remedy: expect.stringContaining('`work-dir`'),
      cause: { code: 'ENOSPC' },
    });
  });

  it.each<[string, unknown]>([
    ['QEMU cannot save the state', ioError],
    ['QEMU cannot grow the memory file', busError],
    ['a command says it', hostError('qemu-img: error while writing: No space left on device')],
  ])('says so where %s', async (_what, error) => {
    expect(await explained(full, error)).toMatchObject({
      message: expect.stringContaining('is full at /proc'),
      cause: error,
    });
  });

  it.each<[string, unknown]>([
    ['an IO error of another cause', ioError],
    ['a SIGBUS of another cause', busError],
    ['what QEMU refuses', refused],
    ['a command that fails otherwise', hostError('No such file')],
    ['a full disk in the guest', new SnapgateError('scenario', 'exited 1: No space left', 'remedy')],
    ['a bug', new Error('bug')],
  ])('leaves alone %s', async (_what, error) => {
    expect(await explained(roomy, error)).toBe(error);
  });
});
