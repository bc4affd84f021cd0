import type { Git } from './git.ts';

/** What differs between two commits, by name. */
export interface ChangedNames {
  /** The first of them, in git's order. */
  readonly files: readonly ChangedFile[];
  /** How many there are in all. */
  readonly count: number;
}

export interface ChangedFile {
  readonly path: string;
  /** Lines; undefined for a file that is not text. */
  readonly added: number | undefined;
  readonly removed: number | undefined;
}

/** Files that are named. */
const mostNamed = 20;
/** Of what git says: enough for the longest paths. */
const keptBytes = mostNamed * 8192;

/** The files that differ between two commits that are present; undefined where git cannot tell. Nothing that the repository configures is run. */
export async function readChangedNames(
  git: Git,
  from: string,
  to: string,
): Promise<ChangedNames | undefined> {
  let kept = '';
  let count = 0;
  const args = ['diff', '--numstat', '-z', '--no-renames', '--no-ext-diff', '--no-textconv', from, to];
  const onStdout = (chunk: Buffer) => {
    count += chunk.reduce((sum, byte) => sum + Number(byte === 0), 0);
    if (kept.length < keptBytes) kept += chunk.toString('latin1');
  };
  const { code } = await git.run(args, { onStdout });
  if (code !== 0) return undefined;
  const entries = Buffer.from(kept, 'latin1').toString('utf8').split('\0').slice(0, -1);
  return { files: entries.slice(0, mostNamed).flatMap(fileOf), count };
}

function fileOf(entry: string): ChangedFile[] {
  const [, added = '', removed = '', path] = /^(\d+|-)\t(\d+|-)\t(.*)$/s.exec(entry) ?? [];
  const lines = (text: string) => (text === '-' ? undefined : Number(text));
  return path === undefined ? [] : [{ path, added: lines(added), removed: lines(removed) }];
}
