/*
 * A stand-in for e2b's create-build: its flags and their checks as in packages/orchestrator/cmd/create-build/main.go, no guest behind it.
 * FAKE_TEMPLATE is the rootfs template that was built into it.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fatal, needUuid, parseFlags } from './go-flags.ts';
import { behaviourOf, buildFolderOf, noteCall, storeLayer, storePlainFiles } from './layer-files.ts';

const flags = {
  template: 'local-template',
  'from-build': '',
  'to-build': '',
  storage: '',
  'sandbox-dir': '',
  kernel: 'vmlinux-6.1.158',
  firecracker: 'v1.14.1_458ca91',
  vcpu: 2,
  memory: 1024,
  disk: 1024,
  hugepages: true,
  'disable-memfd': false,
  'memfile-diff-dedup': false,
  'start-cmd': '',
  'setup-cmd': '',
  'ready-cmd': '',
  timeout: 5,
  v: false,
};

const args = process.argv.slice(2);
noteCall('create-build', args);
const given = parseFlags('create-build', args, flags);
const text = (name: keyof typeof flags) => given.get(name) ?? String(flags[name]);

const buildId = text('to-build');
if (buildId === '') fatal('-to-build required');
const storage = text('storage');
if (storage === '') fatal('config: template storage bucket not configured: set TEMPLATE_BUCKET_NAME');
if (!storage.startsWith('gs://')) {
  for (const name of ['kernels', 'templates', 'build-cache', 'sandbox', 'orchestrator', 'fc-versions'])
    mkdirSync(join(storage, name), { recursive: true });
  process.stdout.write(`✓ Storage: ${storage} (local)\n`);
} else process.stdout.write(`✓ Storage: ${storage}\n`);
needUuid(buildId, 'build');
if (process.env['FAKE_FAIL'] === 'create')
  fatal('build: error building: failed to pull image: docker daemon is not running');

const huge = ['true', '1', 't'].includes(text('hugepages').toLowerCase());
process.stdout.write(`Building with page size: ${huge ? '2MB (hugepages)' : '4KB (standard)'}\n`);
const guest = {
  ...behaviourOf(process.env['FAKE_TEMPLATE'] ?? ''),
  memoryBytes: Number(text('memory')) * 2 ** 20,
  diskBytes: Number(text('disk')) * 2 ** 20,
  blockBytes: huge ? 2 ** 21 : 4096,
};
// The steps of a template are builds too: the base snapshot lies on one.
const below = randomUUID();
const pages = (first: number, count: number, step: number) =>
  Array.from({ length: count }, (_, at) => first + at * step);
const memory = {
  artifact: 'memfile',
  virtualBytes: guest.memoryBytes,
  blockBytes: guest.blockBytes,
} as const;
const disk = { artifact: 'rootfs.ext4', virtualBytes: guest.diskBytes, blockBytes: 4096 } as const;
const layers = [
  { id: below, parentId: undefined, memory: pages(0, 24, 40), disk: pages(0, 30, 1) },
  { id: buildId, parentId: below, memory: pages(8, 12, 80), disk: pages(10, 5, 3) },
];
for (const { id, parentId, ...dirty } of layers) {
  storeLayer({ storage, ...memory, buildId: id, parentId, dirtyPages: dirty.memory, emptyBlocks: [] });
  storeLayer({ storage, ...disk, buildId: id, parentId, dirtyPages: dirty.disk, emptyBlocks: [] });
  storePlainFiles(storage, id, guest, { kernel: text('kernel'), firecracker: text('firecracker') });
}
if (process.env['FAKE_FAIL'] === 'create-late') {
  rmSync(buildFolderOf(storage, buildId), { recursive: true });
  fatal('build: error building: the last step failed');
}
process.stdout.write(
  `\n✅ Build finished: ${buildId}\n\n📦 Artifacts:\n   Rootfs: 0 MB diff / 0 MB total (0.0%), block size: 4 KB\n`,
);
