import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { agentApplets } from '../../src/guest/agent.ts';
import { resolveBusybox } from '../../src/image/busybox.ts';
import { requireFreeDisk } from '../../src/image/disk-space.ts';
import { refusal } from '../host/refusal.ts';
import { sha256 } from './container-archive.ts';
import { openWorkshop, type Workshop } from './workshop.ts';

let shop: Workshop;
beforeEach(() => {
  shop = openWorkshop();
});
afterEach(() => shop[Symbol.dispose]());

describe('the busybox that goes into guests', () => {
  test('the host’s', async () => {
    const content = readFileSync('/bin/busybox');
    expect(await resolveBusybox(shop.run, agentApplets)).toEqual({
      path: '/bin/busybox',
      sizeBytes: content.length,
      sha256: sha256(content),
    });
  });

  test.each<[string, () => string, readonly string[], string]>([
    ['none', () => '/no/such/busybox', [], '/no/such/busybox, which snapgate puts into guests, is not there'],
    ['one that needs libraries', () => process.execPath, [], 'is not statically linked'],
    ['a script', () => script(), [], 'is not statically linked'],
    [
      'one that lacks something',
      () => '/bin/busybox',
      ['sh', 'no-such-applet', 'nor-this'],
      'lacks no-such-applet, nor-this',
    ],
  ])('%s', async (_, path, applets, why) => {
    const error = await refusal(resolveBusybox(shop.run, applets, path()));
    expect(error.code).toBe('host');
    expect(error.message).toContain(why);
    expect(error.remedy).toContain('busybox-static');
  });
});

function script(): string {
  const path = shop.file('busybox', '#!/bin/sh\n');
  chmodSync(path, 0o755);
  return path;
}

test('a disk without room: what is missing, and where', () => {
  const free = Number(
    execFileSync('df', ['--output=avail', '-B1', shop.folder], { encoding: 'utf8' }).split('\n')[1],
  );
  expect(() => requireFreeDisk(shop.folder, free / 2, 'it')).not.toThrow();
  expect(() => requireFreeDisk(shop.folder, 2 ** 60, 'making a disk')).toThrow(
    new RegExp(`^making a disk needs 1048576 TiB of disk below ${shop.folder}, and [\\d.]+ .iB are free`),
  );
});
