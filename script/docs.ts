/** Writes what is generated from the code: action.yml, schema/, and the tables of the README and of docs/github.md. `--check` compares instead. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { outputs } from '../src/action/outputs.ts';
import { type InputGroup, type InputSpec, inputs } from '../src/config/inputs.ts';
import { metricLabels } from '../src/config/metrics.ts';
import { builtInScenarios } from '../src/config/scenarios.ts';
import { commandNames, variableNames, variables } from '../src/engine/command/environment.ts';
import { metricNames } from '../src/engine/contract.ts';
import { exitCodes } from '../src/host/error.ts';
import { emitSchemas } from '../src/report/schemas.ts';
import { eventCases } from '../test/e2e/event-cases.ts';
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
  return new Map([
    ['action.yml', actionYml()],
    ...schemas,
    ['README.md', readme()],
    ['docs/engine-command.md', withTables('docs/engine-command.md', { variables: variableTable() })],
    ['docs/github.md', withTables('docs/github.md', { events: eventTable(), exits: exitTable() })],
  ]);
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
  return withTables('README.md', tables);
}

/** What the commands of engine `command` are told. */
function variableTable(): string {
  const rows = variableNames().map((name) => {
    const { of, holds } = variables[name];
    const all = of.length === commandNames.length;
    return [`\`${name}\``, all ? 'all' : of.map((command) => `\`${command}\``).join(', '), holds];
  });
  return table(['variable', 'of', 'what it holds'], rows);
}

/** One row for each case that events.itg.test.ts runs. */
function eventTable(): string {
  const head = ['event', 'situation', 'token', 'runner', 'compares', 'told by', 'exit status'];
  const rows = eventCases.map((row) => [
    row.event,
    row.situation,
    row.token,
    row.runner,
    row.compares,
    row.told.map((place) => (place === 'check' ? `check (${row.conclusion})` : place)).join(', ') ||
      'the log',
    String(row.exitCode),
  ]);
  return table(head, rows);
}

function exitTable(): string {
  const rows = Object.entries(exitCodes).map(([code, status]) => [String(status), exitWords[code] ?? code]);
  return table(['exit status', 'what'], [...decisions, ...rows]);
}

function withTables(path: string, tables: Readonly<Record<string, string>>): string {
  return Object.entries(tables).reduce(
    (text, [name, body]) => replaceBlock(path, text, name, body),
    read(path) ?? '',
  );
}

function replaceBlock(path: string, text: string, name: string, body: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`${path} has no block ${begin} … ${end}`);
  return `${text.slice(0, from + begin.length)}\n\n${body}\n\n${text.slice(to)}`;
}

/** The first line of an example says where it belongs, which the README says itself. */
function withoutFirstLine(text: string): string {
  return text.slice(text.indexOf('\n') + 1);
}

const decisions = [
  [
    '0',
    'pass, warn, accepted, no baseline yet; and whatever the verdict, with `fail: false` or `dry-run: true`',
  ],
  ['1', 'fail'],
  ['2', 'inconclusive or not comparable, with `inconclusive: fail`'],
];

const exitWords: Readonly<Record<string, string>> = {
  usage: 'an input, snapgate.yml or the event cannot be used',
  record: 'a stored record or an artifact is not what it should be',
  image: 'an image cannot be built',
  base: 'the base or the head is not there',
  guest: 'a guest does not boot, or breaks',
  host: 'the runner lacks something, or ran out of it',
  internal: 'a bug of snapgate',
  scenario: 'a scenario failed in the guest',
  interrupted: 'cancelled',
  refused: 'a stranger’s code where it must not run',
};

const groups: readonly (readonly [InputGroup, string])[] = [
  ['image', 'The image'],
  ['base', 'The base'],
  ['engine', 'The engine'],
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
