import { SnapgateError } from '../host/error.ts';
import { printable } from '../host/printable.ts';

/** What is wrong with an archive, said where it is not known which archive it is: see `naming`. */
export class ArchiveProblem extends Error {
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.name = 'ArchiveProblem';
    this.remedy = remedy;
  }
}

export function damagedTar(what: string): ArchiveProblem {
  return new ArchiveProblem(`is damaged: ${what}`, 'Make or download it again.');
}

/** An entry that no honest archive holds, or one that a Linux file system cannot. */
export function refusedEntry(path: string, why: string): ArchiveProblem {
  return new ArchiveProblem(`holds an entry that is refused: ${quoteName(path)} ${why}`, 'Leave it out.');
}

/** The error for people: `name` says which archive, e.g. `the tar rootfs.tar`. Errors of another kind stay as they are. */
export function naming(name: string, error: unknown): unknown {
  if (!(error instanceof ArchiveProblem)) return error;
  return new SnapgateError('image', `${name} ${error.message}`, error.remedy, { cause: error });
}

/** A name of raw bytes (latin1) for people: as UTF-8, quoted, not longer than a line. */
export function quoteName(path: string): string {
  const text = Buffer.from(path, 'latin1').toString('utf8');
  return printable(JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text));
}
