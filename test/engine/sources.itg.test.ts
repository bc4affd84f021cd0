import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildImage } from '../../src/image/build.ts';
import type { InitKind, RootfsSource } from '../../src/image/types.ts';
import { busyboxRootfs } from '../fixtures/busybox.ts';
import { dockerArchive } from '../image/container-archive.ts';
import { command, openBench, quickBoot, type TestBench } from './guests.ts';

const mebibyte = 1024 * 1024;

let bench: TestBench;
let checkout: string;

/** A checkout that holds what all four sources are made of. */
beforeAll(() => {
  bench = openBench();
  checkout = bench.folder('checkout');
  cpSync(busyboxRootfs('init', bench.folder('init')).path, join(checkout, 'rootfs'), {
    recursive: true,
    verbatimSymlinks: true,
  });
  const bare = busyboxRootfs('none', bench.folder('none')).path;
  const numbered = ['--owner=0', '--group=0', '--numeric-owner'];
  execFileSync('tar', ['-C', bare, ...numbered, '-cf', join(checkout, 'bare.tar'), '.']);
  writeFileSync(
    join(checkout, 'Dockerfile'),
    'FROM scratch\nADD bare.tar /\nARG WORD\nRUN echo "$WORD" >/word\nUSER web\nENTRYPOINT ["/bin/sh", "/srv/start"]\n',
  );
  const layer = { data: readFileSync(join(checkout, 'bare.tar')) };
  const process = { Entrypoint: ['/bin/sh', '/srv/start'], User: 'web' };
  writeFileSync(join(checkout, 'image.tar'), dockerArchive([layer], { process }));
});
afterAll(() => bench.close());

const sources: { source: RootfsSource; init: InitKind; check: string }[] = [
  { source: { kind: 'rootfs', path: 'rootfs' }, init: 'init', check: '[ -f /etc/inittab ]' },
  {
    source: { kind: 'build-command', command: 'tar -C rootfs -cf out.tar .', path: 'out.tar' },
    init: 'init',
    check: '[ -f /etc/inittab ]',
  },
  {
    source: {
      kind: 'dockerfile',
      dockerfile: 'Dockerfile',
      context: '.',
      buildArgs: { WORD: 'measured' },
      target: undefined,
    },
    init: 'none',
    check: '[ "$(cat /word)" = measured ]',
  },
  { source: { kind: 'image', reference: 'image.tar' }, init: 'none', check: '[ -f /srv/start ]' },
];

test.each(sources)('$source.kind: built, booted, and a cycle measured', async ({ source, init, check }) => {
  const inputs = {
    rootfs: source,
    kernel: 'auto',
    initrd: 'auto',
    diskSizeBytes: 48 * mebibyte,
    devices: 'pci' as const,
  };
  const options = { checkout, side: 'head', cacheLimitBytes: 1024 * mebibyte } as const;
  const image = await buildImage(bench.run, inputs, options);
  expect(image.init).toBe(init);

  const { snapshot, kind } = await quickBoot(bench, image, bench.folder(source.kind));
  expect(kind).toBe(init);
  const write = 'dd if=/dev/zero of=/file bs=4k count=100 && sync';
  const { metrics } = await bench.engine.cycle(snapshot, command(write, { check }), { advance: true });
  expect(metrics['memfile.writtenBytes']).toBeGreaterThan(400 * 1024);
  expect(metrics['rootfs.writtenBytes']).toBeGreaterThanOrEqual(400 * 1024);
});
