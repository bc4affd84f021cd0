import { type InputSpec, inputs } from './inputs.ts';

/**
 * The inputs of a gate as options of the command line: `--dockerfile`, `Dockerfile`, …; not quoted, without the base and the folders.
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
    if (text === '') return [];
    const hidden = hideText && mayHoldSecret.includes(input.name);
    const values = input.type === 'lines' ? text.split(/\r?\n/) : [text];
    return values.flatMap((value) => [`--${input.name}`, hidden ? hide(value) : value]);
  });
}

const mayHoldSecret = ['build-args', 'build-command', 'ready-command'];

function isRepeated({ name, group, verbs }: InputSpec): boolean {
  return verbs.includes('gate') && group !== 'base' && (group !== 'run' || name === 'config');
}

/** The name of a build argument stays. */
function hide(value: string): string {
  const name = /^\s*([A-Za-z_][A-Za-z0-9_]*)=/.exec(value)?.[1];
  return name === undefined ? '…' : `${name}=…`;
}
