import { outputs } from '../src/action/outputs.ts';
import { type InputSpec, inputs } from '../src/config/inputs.ts';

/** The whole of action.yml, from the tables of inputs and outputs. */
export function actionYml(): string {
  return `name: snapgate
description: Measures what a microVM guest image dirties between a resume and the next pause, and fails a pull request whose snapshots grow.
branding:
  icon: activity
  color: orange

${actionYmlInputs()}
${actionYmlOutputs()}
runs:
  using: node24
  main: dist/main/index.js
  post: dist/post/index.js
`;
}

/** The `inputs:` block of action.yml. */
export function actionYmlInputs(): string {
  return `inputs:\n${inputs.map(inputEntry).join('')}`;
}

/** The `outputs:` block of action.yml. */
export function actionYmlOutputs(): string {
  const entries = outputs.map(
    ({ name, description }) => `  ${name}:\n    description: ${quoted(description)}\n`,
  );
  return `outputs:\n${entries.join('')}`;
}

function inputEntry(input: InputSpec): string {
  const lines = [
    `  ${input.name}:`,
    `    description: ${quoted(describe(input))}`,
    '    required: false',
    `    default: ${quoted(input.actionDefault)}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** Where snapgate.yml may speak, action.yml carries no default: the words say it instead. */
function describe({ description, default: standard, actionDefault }: InputSpec): string {
  return standard === '' || standard === actionDefault
    ? description
    : `${description} Default: \`${standard}\`.`;
}

/** A YAML scalar in single quotes. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
