import { relative, resolve } from 'node:path';
import type { ConfigText } from '../config/config.ts';
import { readConfigFile } from '../config/file.ts';
import { configFileNames } from '../config/inputs.ts';
import { quoteText } from '../config/names.ts';
import {
  definitionsOf,
  noRules,
  type Rules,
  type Said,
  settingsOf,
  thresholdsOf,
  vanishedScenarios,
} from '../config/said.ts';
import { SnapgateError } from '../host/error.ts';
import type { Git } from './git.ts';

/** Sentences at most; what decides comes first. */
const mostSentences = 20;

/**
 * How snapgate.yml of head differs from that of base. Both sides are measured and judged by what head's says, so that a pull request could
 * loosen its own gate, and nobody would see it.
 *
 * @param base the commit, and what people call it.
 * @param given path of the file where the run was given one; relative to the folder of `git`.
 * @param head the file that the run goes by; undefined where there is none.
 */
export async function changedRules(
  git: Git,
  base: { readonly commit: string; readonly label: string },
  given: string | undefined,
  head: ConfigText | undefined,
): Promise<readonly string[]> {
  const old = await fileAt(git, base.commit, given);
  const before = old === undefined ? noRules : readRules(old);
  const after = head === undefined ? noRules : readRules(head);
  const path = head?.path ?? old?.path ?? configFileNames[0];
  if (before === undefined || after === undefined)
    return [`${old?.path ?? path} of ${base.label} cannot be read, so what head changes in it is not told`];
  return cut([
    ...movedFile(old, head),
    ...differences(path, settingsOf(before, 'gate'), settingsOf(after, 'gate')),
    ...differences(path, settingsOf(before, 'engine'), settingsOf(after, 'engine')),
    ...differences(path, settingsOf(before, 'measure'), settingsOf(after, 'measure')),
    ...differences(path, thresholdsOf(before), thresholdsOf(after)),
    ...vanishedScenarios(before, after).map(
      (name) => `scenario ${name} of ${base.label} is no longer measured`,
    ),
    ...differences(path, definitionsOf(before, after), definitionsOf(after, before)),
    ...differences(path, settingsOf(before, 'image'), settingsOf(after, 'image')),
  ]);
}

async function fileAt(git: Git, commit: string, given: string | undefined): Promise<ConfigText | undefined> {
  for (const path of given === undefined ? configFileNames : [given]) {
    // An absolute path is no path of a commit's; one with ./ in front starts at git's folder, which may be below the root.
    const below = relative(resolve(git.folder), resolve(git.folder, path));
    const text = await git.ask(['cat-file', 'blob', `${commit}:./${below}`]);
    if (text !== undefined) return { path, text };
  }
  return undefined;
}

function readRules({ text, path }: ConfigText): Rules | undefined {
  try {
    return readConfigFile(text, path);
  } catch (error) {
    if (error instanceof SnapgateError) return undefined;
    throw error;
  }
}

/** A snapgate.yml in the root takes the place of the one in .github. */
function movedFile(before: ConfigText | undefined, after: ConfigText | undefined): readonly string[] {
  if (before === undefined || before.path === after?.path) return [];
  return [
    after === undefined
      ? `head has no ${before.path}, which base has: defaults hold`
      : `head is judged by ${after.path}, and no longer by ${before.path}, which base has`,
  ];
}

function differences(path: string, before: Said, after: Said): readonly string[] {
  const things = [...new Set([...before.keys(), ...after.keys()])];
  return things.flatMap((thing) => {
    const [old, now] = [before.get(thing), after.get(thing)];
    if (old === now) return [];
    const says = now === undefined ? `nothing of ${thing}` : `${thing} ${quoteText(now)}`;
    return [`${path} of head says ${says} where base says ${old === undefined ? 'nothing' : quoteText(old)}`];
  });
}

function cut(sentences: readonly string[]): readonly string[] {
  const rest = sentences.length - mostSentences;
  if (rest <= 0) return sentences;
  return [...sentences.slice(0, mostSentences), `and ${rest} more in snapgate.yml`];
}
