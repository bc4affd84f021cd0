import { closeSync, existsSync, fstatSync, type Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Run } from '../host/run.ts';
import { formatExactBytes } from '../host/units.ts';
import { dataExtents, type Extent } from '../pages/data-extents.ts';
import { bytesOf, sharedBytes, unionOf, within } from './extents.ts';
import { openPlainFile } from './image-file.ts';
import { type BackingName, hasQcow2Magic, readQcow2Header } from './qcow2-header.ts';
import { type OwnExtents, ownExtents } from './qcow2-map.ts';
import type { ChainInspection, DiskLayer } from './record.ts';
import { unfit } from './unfit.ts';

const maxDepth = 64;

interface Below {
  readonly file: string;
  readonly format: 'qcow2' | 'raw';
}

/** One file of a chain, before it is told what the others hide of it. */
interface ChainLink {
  readonly path: string;
  readonly format: 'qcow2' | 'raw';
  readonly virtualBytes: number;
  readonly fileBytes: number;
  readonly allocatedBytes: number;
  readonly clusterBytes: number | undefined;
  readonly own: OwnExtents;
}

/**
 * What each image of a chain holds, and what of it the images above hide. What a header names below it is opened only where it is a plain
 * file; anything else that QEMU would open for it is refused.
 */
export async function inspectChain(run: Run, cwd: string, path: string): Promise<ChainInspection> {
  const walk: Walk = { run, path, links: [], seen: new Set(), notes: [] };
  await follow(walk, { file: resolve(cwd, path), format: 'qcow2' });
  const { links, notes } = walk;
  return { kind: 'qcow2', path, virtualBytes: links[0]?.virtualBytes ?? 0, layers: layersOf(links), notes };
}

interface Walk {
  readonly run: Run;
  readonly path: string;
  readonly links: ChainLink[];
  /** Device and inode of each file. */
  readonly seen: Set<string>;
  readonly notes: string[];
}

async function follow(walk: Walk, { file, format }: Below): Promise<void> {
  const { run, links, notes } = walk;
  const stats = statFile(file);
  refuseEndless(walk, file, stats);
  if (format === 'raw') {
    links.push(await readRaw(run, file, stats));
    return;
  }
  const header = readQcow2Header(file);
  const { virtualBytes, clusterBytes, backing } = header;
  const own = await ownExtents(run, file);
  // Once it is mapped: an image that is in use grows, and would look as if it was cut short.
  const facts = factsOf(file, statFile(file));
  links.push({ ...facts, format, virtualBytes, clusterBytes, own });
  noteHeader(file, header, notes);
  // The last cluster may be there in part.
  if (own.fileEndBytes >= facts.fileBytes + clusterBytes)
    notes.push(
      `${file} has ${formatExactBytes(facts.fileBytes)}, and data up to ${formatExactBytes(own.fileEndBytes)}: it was cut short, or copied in part.`,
    );
  const below = backing === undefined ? undefined : locateBelow(file, backing, notes);
  if (below !== undefined) await follow(walk, below);
}

/** Of a regular file that can be read; anything else is refused, and never waited for. */
function statFile(file: string): Stats {
  const fd = openPlainFile(file, file);
  try {
    return fstatSync(fd);
  } finally {
    closeSync(fd);
  }
}

function refuseEndless({ seen, path }: Walk, file: string, { dev, ino }: Stats): void {
  const identity = `${dev}:${ino}`;
  if (seen.has(identity))
    throw unfit(
      file,
      'is below itself',
      'The backing files go round in a circle: qemu-img rebase -u sets them right.',
    );
  if (seen.size >= maxDepth)
    throw unfit(
      path,
      `has more than ${maxDepth} images below it`,
      'qemu-img commit or rebase makes a chain shorter.',
    );
  seen.add(identity);
}

/** A raw image holds its data; its holes are zero and cost nothing. */
async function readRaw(run: Run, file: string, stats: Stats): Promise<ChainLink> {
  const facts = factsOf(file, stats);
  const own = { data: await dataExtents(run, file), zero: [], fileEndBytes: 0 };
  return { ...facts, format: 'raw', virtualBytes: facts.fileBytes, clusterBytes: undefined, own };
}

function factsOf(
  file: string,
  { size, blocks }: Stats,
): Pick<ChainLink, 'path' | 'fileBytes' | 'allocatedBytes'> {
  return { path: file, fileBytes: size, allocatedBytes: blocks * 512 };
}

function noteHeader(
  file: string,
  { snapshots, corrupt }: { snapshots: number; corrupt: boolean },
  notes: string[],
): void {
  if (corrupt) notes.push(`${file} is marked as corrupt: qemu-img check says what is wrong.`);
  if (snapshots > 0)
    notes.push(
      `${file} has ${snapshots} internal snapshots: what they alone hold is part of its file and not of these figures.`,
    );
}

/** undefined: it is not there, which is noted. */
function locateBelow(above: string, { name, format }: BackingName, notes: string[]): Below | undefined {
  // As QEMU's path_has_protocol: a colon before the first slash.
  if (/^[^/]*:/.test(name) || name === '')
    throw unfit(
      above,
      `has the backing file ${JSON.stringify(name)}, which is no path`,
      'Only files are read, never what a protocol or a JSON specification leads to. qemu-img rebase -u names a file in its place.',
    );
  const file = resolve(dirname(above), name);
  if (!existsSync(file)) {
    notes.push(`${above} has the backing file ${file}, which is not there: what is below is not told.`);
    return undefined;
  }
  if (format !== undefined && format !== 'qcow2' && format !== 'raw')
    throw unfit(
      above,
      `has a backing file of the format ${JSON.stringify(format.slice(0, 40))}`,
      'Chains of qcow2 and raw images are read.',
    );
  if (format !== undefined) return { file, format };
  const found = hasQcow2Magic(file) ? 'qcow2' : 'raw';
  notes.push(`${above} does not say what format its backing file has: ${file} was taken for ${found}.`);
  return { file, format: found };
}

/** From the top down: what is held above, or lies behind the end of one above, is hidden. */
function layersOf(links: readonly ChainLink[]): DiskLayer[] {
  let above: readonly Extent[] = [];
  let endBytes = Number.POSITIVE_INFINITY;
  return links.map(({ own: { data, zero }, clusterBytes, ...link }) => {
    const own = unionOf(data, zero);
    endBytes = Math.min(endBytes, link.virtualBytes);
    const inside = [...within(own, 0, endBytes)];
    const visibleBytes = bytesOf(inside) - sharedBytes(inside, above);
    above = unionOf(above, own);
    return {
      ...link,
      ...(clusterBytes === undefined ? {} : { clusterBytes }),
      ownBytes: bytesOf(own),
      dataBytes: bytesOf(data),
      zeroBytes: bytesOf(zero),
      shadowedBytes: bytesOf(own) - visibleBytes,
      visibleBytes,
    };
  });
}
