import { type InputSpec, inputs } from './inputs.ts';

/**
 * The inputs of a gate as options of the command line: `--dockerfile`, `Dockerfile`, …; not quoted, without the folders, and without a
 * base that is a commit, which a report names by its hash.
 *
 * @param raw inputs as they were given; empty is not given.
 * @param hideText leaves out what a workflow may have put a secret into, because a report is public and nobody masks it.
 */
export function reproduceOptions(
  raw: Readonly<Record<string, string | undefined>>,
  { hideText }: { readonly hideText: boolean },
): string[] {
  return inputs.filter(isRepeated).flatMap((input) => {
    const text = raw[input.name]?.trim() ?? '';
    if (text === '' || (input.group === 'base' && !otherBase.test(text))) return [];
    const hidden = hideText && input.mayHoldSecret === true;
    const lines = input.type === 'lines' ? text.split(/\r?\n/).filter((line) => line.trim() !== '') : [text];
    return lines.flatMap((line) => option(input.name, hidden ? hide(line) : line));
  });
}

/** A value that starts with a dash would be read as the next option. */
function option(name: string, value: string): string[] {
  return value.startsWith('-') ? [`--${name}=${value}`] : [`--${name}`, value];
}

/** Bases that have no commit to name them by. */
const otherBase = /^(?:image|rootfs|measurement):/;

function isRepeated({ name, group, verbs }: InputSpec): boolean {
  return verbs.includes('gate') && (group !== 'run' || name === 'config');
}

/** The name of a build argument stays. */
function hide(value: string): string {
  const name = /^\s*([A-Za-z_][A-Za-z0-9_]*)=/.exec(value)?.[1];
  return name === undefined ? '…' : `${name}=…`;
}
