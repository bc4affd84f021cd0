import { SnapgateError } from '../host/error.ts';

export function damagedTar(what: string): SnapgateError {
  return new SnapgateError('image', `the archive is damaged: ${what}`, 'Make or download it again.');
}

/** An entry that no honest archive holds, or one that a Linux file system cannot. */
export function refusedEntry(path: string, why: string): SnapgateError {
  return new SnapgateError(
    'image',
    `the archive holds an entry that is refused: ${printable(path)} ${why}`,
    'Make the archive without it.',
  );
}

/** A name of raw bytes (latin1) for people: as UTF-8, quoted, not longer than a line. */
export function printable(path: string): string {
  const text = Buffer.from(path, 'latin1').toString('utf8');
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text);
}
