import type { ImageInputs } from '../image/types.ts';
import type { Git } from './git.ts';

/** A place in a file of the head's checkout. */
export interface FilePlace {
  /** Relative to the root of the repository. */
  readonly path: string;
  /** From 1: the first line that differs. */
  readonly line: number;
}

/**
 * The file that a change of the image is to be blamed on, where there is only one: of a Dockerfile the files of its context and itself,
 * else all that changed. Undefined where there are several, or none, or where git cannot tell.
 */
export async function onlyChangedFile(
  git: Git,
  base: string,
  head: string,
  inputs: ImageInputs,
): Promise<FilePlace | undefined> {
  const range = [...quietly, '--name-only', '-z', '--diff-filter=d', '--relative', base, head];
  const names = await git.ask(['diff', ...range, '--', ...pathsOf(inputs)]);
  const [path, ...more] = (names ?? '').split('\0').filter((name) => name !== '');
  if (path === undefined || more.length > 0) return undefined;
  const prefix = (await git.ask(['rev-parse', '--show-prefix'])) ?? '';
  const hunks = await git.ask(['diff', ...quietly, '--unified=0', base, head, '--', literally(path)]);
  const line = /^@@ -\S+ \+(\d+)/m.exec(hunks ?? '')?.[1];
  return { path: `${prefix}${path}`, line: Math.max(1, Number(line ?? 1)) };
}

/** No program that the repository's configuration names is run. */
const quietly = ['--no-ext-diff', '--no-textconv', '--no-color', '--no-renames'];

function pathsOf({ rootfs }: ImageInputs): readonly string[] {
  return rootfs.kind === 'dockerfile' ? [rootfs.context, rootfs.dockerfile].map(literally) : ['.'];
}

function literally(path: string): string {
  return path === '.' ? path : `:(literal)${path}`;
}
