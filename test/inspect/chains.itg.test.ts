import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { inspectPaths } from '../../src/inspect/inspect.ts';
import type { ChainInspection } from '../../src/inspect/record.ts';
import { openTestRun } from '../baseline/test-run.ts';
import { seededRandom } from '../stats/random.ts';

const folder = mkdtempSync('/var/tmp/snapgate-inspect-');
const { run, [Symbol.dispose]: close } = openTestRun(folder);
afterAll(() => {
  close();
  rmSync(folder, { recursive: true });
});

const kibi = 1024;

function qemuImg(...args: string[]): void {
  execFileSync('qemu-img', args, { cwd: folder, stdio: 'pipe' });
}

function qemuIo(image: string, ...commands: string[]): void {
  execFileSync('qemu-io', ['-f', 'qcow2', ...commands.flatMap((each) => ['-c', each]), image], {
    cwd: folder,
    stdio: 'pipe',
  });
}

async function inspected(path: string): Promise<ChainInspection> {
  const [item] = (await inspectPaths(run, { cwd: folder, paths: [path], parent: undefined })).items;
  if (item?.kind !== 'qcow2') throw new Error('not a chain');
  return item;
}

/** What was written, by clusters: a set for data and one for zeros. */
interface Written {
  readonly data: Set<number>;
  readonly zero: Set<number>;
}

/** Writes whole clusters here and there; what was written. */
function writeClusters(image: string, clusterBytes: number, clusters: number, seed: number): Written {
  const random = seededRandom(seed);
  const written: Written = { data: new Set(), zero: new Set() };
  const commands = Array.from({ length: 25 }, () => {
    const first = Math.floor(random() * clusters);
    const count = Math.min(clusters - first, 1 + Math.floor(random() * 6));
    const zero = random() < 0.3;
    for (let cluster = first; cluster < first + count; cluster += 1) {
      written.data.delete(cluster);
      written.zero.delete(cluster);
      written[zero ? 'zero' : 'data'].add(cluster);
    }
    return `write ${zero ? '-z' : '-P 0x5a'} ${first * clusterBytes} ${count * clusterBytes}`;
  });
  qemuIo(image, ...commands);
  return written;
}

describe.each([4, 64, 2048])('clusters of %i KiB', (clusterKibi) => {
  const clusterBytes = clusterKibi * kibi;

  test('each layer holds what was written to it, and shows what no layer above has', async () => {
    const clusters = 200;
    const names = ['base', 'middle', 'top'].map((name) => `${name}-${clusterKibi}.qcow2`);
    const layers = names.map((name, nth) => {
      const below = nth === 0 ? [] : ['-b', names[nth - 1] ?? '', '-F', 'qcow2'];
      const size = String(clusters * clusterBytes);
      qemuImg('create', '-q', '-f', 'qcow2', '-o', `cluster_size=${clusterBytes}`, ...below, name, size);
      return writeClusters(name, clusterBytes, clusters, clusterKibi * 10 + nth);
    });
    // What a file takes of the file system may grow while it is written back.
    execFileSync('sync', names, { cwd: folder });
    const found = await inspected(names[2] ?? '');
    const above = new Set<number>();
    const expected = layers.toReversed().map(({ data, zero }, index) => {
      const own = [...data, ...zero];
      const visible = own.filter((cluster) => !above.has(cluster));
      for (const cluster of own) above.add(cluster);
      const path = join(folder, names[2 - index] ?? '');
      return {
        path,
        format: 'qcow2',
        virtualBytes: clusters * clusterBytes,
        fileBytes: statSync(path).size,
        allocatedBytes: statSync(path).blocks * 512,
        clusterBytes,
        ownBytes: own.length * clusterBytes,
        dataBytes: data.size * clusterBytes,
        zeroBytes: zero.size * clusterBytes,
        visibleBytes: visible.length * clusterBytes,
        shadowedBytes: (own.length - visible.length) * clusterBytes,
      };
    });
    expect(found).toEqual({
      kind: 'qcow2',
      path: names[2],
      virtualBytes: clusters * clusterBytes,
      layers: expected,
      notes: [],
    });
  });
});

test('a raw base holds its data; what lies behind the end of a smaller overlay is hidden', async () => {
  const raw = openSync(join(folder, 'base.raw'), 'w');
  for (const at of [0, 1024, 2040]) writeSync(raw, Buffer.alloc(64 * kibi, 1), 0, 64 * kibi, at * kibi);
  closeSync(raw);
  truncateSync(join(folder, 'base.raw'), 4096 * kibi);
  qemuImg('create', '-q', '-f', 'qcow2', '-b', 'base.raw', '-F', 'raw', 'small.qcow2', '2M');
  const { layers, notes } = await inspected('small.qcow2');
  expect(notes).toEqual([]);
  expect(layers[1]).toMatchObject({
    format: 'raw',
    virtualBytes: 4096 * kibi,
    ownBytes: 192 * kibi,
    visibleBytes: (64 + 64 + 8) * kibi,
    shadowedBytes: 56 * kibi,
  });
});

test('an image that is in use, and one with a name that QEMU would read as something else', async () => {
  const name = 'nbd:unix,a=b,"c".qcow2';
  qemuImg('create', '-q', '-f', 'qcow2', `./${name}`, '1M');
  qemuIo(`./${name}`, 'write 0 128k');
  expect(await inspected(name)).toMatchObject({ layers: [{ ownBytes: 128 * kibi }] });
});

describe('below an image', () => {
  /** An image whose header names what was never looked at. */
  function naming(backing: string, format = 'raw'): string {
    const name = `names-${Buffer.from(backing).toString('hex').slice(0, 80)}.qcow2`;
    qemuImg('create', '-q', '-u', '-f', 'qcow2', '-b', backing, '-F', format, name, '1M');
    return name;
  }

  test('an address is never gone to', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    for (const backing of [
      `nbd://127.0.0.1:${port}/x`,
      `nbd:127.0.0.1:${port}`,
      `http://127.0.0.1:${port}/x`,
      `json:{"driver":"nbd","host":"127.0.0.1","port":"${port}"}`,
      'json:{"driver":"file","filename":"/etc/passwd"}',
      'file:/etc/passwd',
      'fat:rw:/etc',
    ]) {
      const error = inspected(naming(backing));
      await expect(error, backing).rejects.toMatchObject({
        code: 'record',
        message: expect.stringMatching(/which is no path$/),
      });
    }
    await new Promise((resolve) => server.close(resolve));
    expect(connections).toBe(0);
  });

  test('what is no file is refused, and not waited for', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    symlinkSync('/dev/zero', join(folder, 'device'));
    for (const backing of ['pipe', 'device', '/dev/null', '.'])
      await expect(inspected(naming(backing)), backing).rejects.toMatchObject({
        message: expect.stringMatching(/is no file$/),
      });
  });

  test('a file that is not there is told of', async () => {
    const { layers, notes } = await inspected(naming('gone.raw'));
    expect(layers).toHaveLength(1);
    expect(notes).toEqual([expect.stringContaining(`${folder}/gone.raw, which is not there`)]);
  });

  test('a format that is not said is found out, and told of; another one is refused', async () => {
    qemuImg('create', '-q', '-f', 'qcow2', 'said.qcow2', '1M');
    qemuImg('create', '-q', '-u', '-f', 'qcow2', '-b', 'said.qcow2', '-F', 'qcow2', 'unsaid.qcow2', '1M');
    const bytes = readFileSync(join(folder, 'unsaid.qcow2'));
    // The type of the extension that says it becomes one that nobody knows.
    bytes.writeUInt32BE(0x1234_5678, bytes.indexOf(Buffer.from([0xe2, 0x79, 0x2a, 0xca])));
    writeFileSync(join(folder, 'unsaid.qcow2'), bytes);
    const { layers, notes } = await inspected('unsaid.qcow2');
    expect(layers.map(({ format }) => format)).toEqual(['qcow2', 'qcow2']);
    expect(notes).toEqual([expect.stringContaining('was taken for qcow2')]);
    await expect(inspected(naming('said.qcow2', 'vmdk'))).rejects.toMatchObject({
      message: expect.stringMatching(/format "vmdk"/),
    });
  });

  test('a circle is an error', async () => {
    for (const [name, below] of [
      ['one', 'two'],
      ['two', 'three'],
      ['three', 'one'],
    ])
      qemuImg(
        'create',
        '-q',
        '-u',
        '-f',
        'qcow2',
        '-b',
        `${below}.qcow2`,
        '-F',
        'qcow2',
        `${name}.qcow2`,
        '1M',
      );
    await expect(inspected('one.qcow2')).rejects.toMatchObject({
      code: 'record',
      message: expect.stringMatching(/is below itself/),
    });
  });
});

describe('a header', () => {
  const patched = (name: string, patch: (bytes: Buffer) => Buffer | undefined) => {
    qemuImg('create', '-q', '-f', 'qcow2', name, '1M');
    const bytes = readFileSync(join(folder, name));
    writeFileSync(join(folder, name), patch(bytes) ?? bytes);
    return name;
  };

  test.each<[string, RegExp, (bytes: Buffer) => Buffer | undefined]>([
    ['cut short', /ends within its header, after 50 bytes/, (bytes) => bytes.subarray(0, 50)],
    ['the magic alone', /ends within its header, after 4 bytes/, (bytes) => bytes.subarray(0, 4)],
    ['of version 1', /version 2 or 3/, (bytes) => void bytes.writeUInt32BE(1, 4)],
    ['clusters too large', /clusters of 2\^40 bytes/, (bytes) => void bytes.writeUInt32BE(40, 20)],
    ['encrypted', /is encrypted/, (bytes) => void bytes.writeUInt32BE(1, 32)],
    ['data elsewhere', /keeps its data in another file/, (bytes) => void bytes.writeUInt8(4, 79)],
    [
      'a backing name far out',
      /outside its first cluster/,
      (bytes) => {
        bytes.writeBigUInt64BE(2n ** 40n, 8);
        bytes.writeUInt32BE(10, 16);
        return undefined;
      },
    ],
    [
      'a table outside the file',
      /ends before its first table does/,
      (bytes) => void bytes.writeBigUInt64BE(2n ** 50n, 40),
    ],
  ])('%s is an error that says so', async (name, message, patch) => {
    await expect(inspected(patched(`${name}.qcow2`, patch))).rejects.toMatchObject({
      code: 'record',
      message: expect.stringMatching(message),
    });
  });

  test('whose tables or data lie behind the end of the file is one that was cut short', async () => {
    qemuImg('create', '-q', '-f', 'qcow2', 'cut.qcow2', '1M');
    qemuIo('cut.qcow2', 'write 0 512k');
    const whole = statSync(join(folder, 'cut.qcow2')).size;
    truncateSync(join(folder, 'cut.qcow2'), whole - 256 * kibi);
    const { layers, notes } = await inspected('cut.qcow2');
    expect(layers[0]?.ownBytes).toBe(512 * kibi);
    expect(notes).toEqual([
      expect.stringMatching(/and data up to \d+ KiB \([\d,]+ bytes\): it was cut short/),
    ]);
    truncateSync(join(folder, 'cut.qcow2'), whole - 512 * kibi);
    await expect(inspected('cut.qcow2')).resolves.toMatchObject({
      notes: [expect.stringContaining('cut short')],
    });
    truncateSync(join(folder, 'cut.qcow2'), whole - 513 * kibi);
    await expect(inspected('cut.qcow2')).rejects.toMatchObject({
      message: expect.stringMatching(/ends before its tables do/),
    });
  });

  test('with internal snapshots is told of', async () => {
    qemuImg('create', '-q', '-f', 'qcow2', 'snapshots.qcow2', '1M');
    qemuImg('snapshot', '-c', 'first', 'snapshots.qcow2');
    expect((await inspected('snapshots.qcow2')).notes).toEqual([
      expect.stringContaining('1 internal snapshots'),
    ]);
  });
});
