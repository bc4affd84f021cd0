import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { errnoOf, SnapgateError } from '../host/error.ts';
import type { ConfigText } from './config.ts';
import { configFileNames } from './inputs.ts';

/**
 * The text of snapgate.yml: the file that was named, or the first of the usual places that is there.
 *
 * @param checkout the head's folder, which relative paths start at.
 * @param given the `config` input; empty for the usual places.
 */
export function locateConfig(checkout: string, given: string): ConfigText | undefined {
  if (given !== '') return { path: given, text: readGiven(resolve(checkout, given), given) };
  for (const path of configFileNames) {
    const text = readIfPresent(join(checkout, path));
    if (text !== undefined) return { path, text };
  }
  return undefined;
}

function readGiven(path: string, given: string): string {
  const text = readIfPresent(path);
  if (text !== undefined) return text;
  throw new SnapgateError('usage', `config: there is no file ${given}`, 'Name a file of the checkout.');
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new SnapgateError('usage', `${path} cannot be read (${code})`, 'It must be a readable file.', {
      cause: error,
    });
  }
}
