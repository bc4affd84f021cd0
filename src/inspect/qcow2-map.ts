import { z } from 'zod';
import { SnapgateError } from '../host/error.ts';
import { packageOf, runCommand } from '../host/process.ts';
import type { Run } from '../host/run.ts';
import type { Extent } from '../pages/data-extents.ts';
import { merged } from './extents.ts';

/** Where one image has anything of its own. */
export interface OwnExtents {
  readonly data: readonly Extent[];
  /** Clusters that say that they are zero. */
  readonly zero: readonly Extent[];
  /** Where in the file the last of the data ends that is not compressed. */
  readonly fileEndBytes: number;
}

/** A disk of 64 GiB of which every second cluster is written. */
const maxExtents = 512 * 1024;
const maxLineBytes = 4096;
const answerMs = 120_000;

const lineSchema = z.object({
  start: z.int().nonnegative(),
  length: z.int().nonnegative(),
  present: z.boolean(),
  data: z.boolean(),
  offset: z.int().nonnegative().optional(),
});

/**
 * What one image holds itself, as `qemu-img map` says. QEMU is told to open that file and nothing below it, whatever its header names, and
 * without a lock: the image may be in use.
 *
 * @param file absolute path
 */
export async function ownExtents(run: Run, file: string): Promise<OwnExtents> {
  const node = { driver: 'qcow2', file: { driver: 'file', filename: file }, backing: null };
  const lines = createLineReader();
  const args = ['map', '--force-share', '--output=json', `json:${JSON.stringify(node)}`];
  const { code, tail, timedOut } = await runCommand(run, 'qemu-img', args, {
    timeoutMs: answerMs,
    onStdout: lines.add,
  });
  if (code !== 0)
    throw new SnapgateError(
      'record',
      timedOut ? `qemu-img took too long to map ${file}` : `qemu-img cannot map ${file}`,
      `Its last lines say why; qemu-img check says what else is wrong with the image.`,
      { details: { title: 'last lines of qemu-img', lines: tail.slice(-10) } },
    );
  return lines.finish(file);
}

/** Reads the map while it comes: an extent a line. */
function createLineReader(): { add(chunk: Buffer): void; finish(file: string): OwnExtents } {
  const data: Extent[] = [];
  const zero: Extent[] = [];
  let held = '';
  let wrong: string | undefined;
  let fileEndBytes = 0;
  const take = (line: string) => {
    const text = line.replace(/^\[/, '').replace(/[,\]]+$/, '');
    if (text === '') return;
    const extent = lineSchema.safeParse(parseJson(text));
    if (!extent.success) {
      wrong ??= text;
      return;
    }
    const { start, length, present, data: hasData, offset } = extent.data;
    if (!present) return;
    (hasData ? data : zero).push({ offset: start, bytes: length });
    if (hasData && offset !== undefined) fileEndBytes = Math.max(fileEndBytes, offset + length);
  };
  return {
    add(chunk) {
      if (wrong !== undefined || data.length + zero.length > maxExtents) return;
      const lines = (held + chunk.toString('latin1')).split('\n');
      held = lines.pop() ?? '';
      if (held.length > maxLineBytes) wrong = held.slice(0, 200);
      for (const line of lines) take(line.trim());
    },
    finish(file) {
      take(held.trim());
      if (data.length + zero.length > maxExtents) throw tooScattered(file);
      if (wrong !== undefined) throw notUnderstood(wrong);
      return { data: merged(data), zero: merged(zero), fileEndBytes };
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function tooScattered(file: string): SnapgateError {
  return new SnapgateError(
    'record',
    `${file} has more than ${maxExtents} extents of its own`,
    'An image that is scattered like that is not read: qemu-img convert makes one of it whose clusters lie together.',
  );
}

function notUnderstood(line: string): SnapgateError {
  return new SnapgateError(
    'host',
    'qemu-img map says something that is not understood',
    `QEMU 6.1 or later is needed, of the Debian package: ${packageOf('qemu-img')}`,
    { details: { title: 'what it said', lines: [line.slice(0, 200)] } },
  );
}
