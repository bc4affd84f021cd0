import { readConfigFile } from '../config/file.ts';
import { configFileNames } from '../config/inputs.ts';
import type { Git } from './git.ts';

/**
 * Scenarios that snapgate.yml defined at a commit and no longer does: both sides are measured with what head defines, so that nobody would
 * see that one is gone. Empty where the commit has no such file, or none that can be read.
 * @param path of the file from the root of the repository, where the run was given one.
 * @param names the scenarios of head.
 */
export async function vanishedScenarios(
  git: Git,
  commit: string,
  path: string | undefined,
  names: readonly string[],
): Promise<readonly string[]> {
  for (const candidate of path === undefined ? configFileNames : [path]) {
    const text = await git.ask(['cat-file', 'blob', `${commit}:${candidate}`]);
    if (text !== undefined) return scenariosOf(text, candidate).filter((name) => !names.includes(name));
  }
  return [];
}

function scenariosOf(text: string, path: string): readonly string[] {
  try {
    return readConfigFile(text, path).scenarios.map(({ name }) => name);
  } catch {
    return [];
  }
}
