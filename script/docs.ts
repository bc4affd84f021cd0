/** Writes what is generated from the code: action.yml, schema/, and the README's tables. `--check` compares instead. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { outputs } from '../src/action/outputs.ts';
import { type InputGroup, type InputSpec, inputs } from '../src/config/inputs.ts';
import { metricLabels } from '../src/config/metrics.ts';
import { builtInScenarios } from '../src/config/scenarios.ts';
import { metricNames } from '../src/engine/contract.ts';
import { emitSchemas } from '../src/report/schemas.ts';
import { actionYml } from './action-yml.ts';

const root = join(import.meta.dirname, '..');

function write(): number {
  for (const [name, text] of generated()) {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return 0;
}

function check(): number {
  const stale = [...generated()].filter(([name, text]) => read(name) !== text).map(([name]) => name);
  for (const name of stale) console.error(`${name} is not what the code says. Run: npm run docs`);
  return stale.length === 0 ? 0 : 1;
}

function generated(): Map<string, string> {
  const schemas = Object.entries(emitSchemas()).map(([name, text]) => [`schema/${name}`, text] as const);
  return new Map([['action.yml', actionYml()], ...schemas, ['README.md', readme()]]);
}

function readme(): string {
  const tables: Record<string, string> = {
    inputs: inputTables(),
    outputs: table(
      ['output', 'what it is'],
      outputs.map(({ name, description }) => [`\`${name}\``, description]),
    ),
    metrics: table(
      ['metric', 'in the comment'],
      metricNames.map((name) => [`\`${name}\``, metricLabels[name]]),
    ),
    scenarios: builtInScenarios.map(({ name }) => `\`${name}\``).join(', '),
    workflow: `\`\`\`yaml\n${withoutFirstLine(read('examples/workflows/pull-request.yml') ?? '')}\`\`\``,
  };
  return Object.entries(tables).reduce(replaceBlock, read('README.md') ?? '');
}

function replaceBlock(text: string, [name, body]: [string, string]): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`README.md has no block ${begin} … ${end}`);
  return `${text.slice(0, from + begin.length)}\n\n${body}\n\n${text.slice(to)}`;
}

/** The first line of an example says where it belongs, which the README says itself. */
function withoutFirstLine(text: string): string {
  return text.slice(text.indexOf('\n') + 1);
}

const groups: readonly (readonly [InputGroup, string])[] = [
  ['image', 'The image'],
  ['base', 'The base'],
  ['measure', 'Measuring'],
  ['gate', 'The gate'],
  ['github', 'GitHub'],
  ['run', 'Files and folders'],
];

function inputTables(): string {
  return groups
    .map(([group, title]) => {
      const rows = inputs.filter((input) => input.group === group).map(inputRow);
      return `**${title}**\n\n${table(['input', 'default', 'what it is'], rows)}`;
    })
    .join('\n\n');
}

function inputRow({ name, default: standard, description }: InputSpec): string[] {
  return [`\`${name}\``, standard === '' ? '' : `\`${standard}\``, description];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function read(name: string): string | undefined {
  try {
    return readFileSync(join(root, name), 'utf8');
  } catch {
    return undefined;
  }
}

process.exitCode = process.argv.includes('--check') ? check() : write();
