import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { inputsOf, ownOptions, verbs } from '../../src/cli/arguments.ts';
import { inputs } from '../../src/config/inputs.ts';
import { exitCodes } from '../../src/host/error.ts';
import { run } from './shell.ts';

const cwd = tmpdir();

async function helpOf(...argv: string[]): Promise<string> {
  const { status, stdout, stderr } = await run(argv, { cwd });
  expect([status, stderr]).toEqual([0, '']);
  return stdout;
}

/** What the help says of an option, on one line. */
function aboutOption(help: string, name: string): string {
  const lines = help.split('\n');
  const start = lines.findLastIndex((line) => line.startsWith(`  --${name} `));
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('    '));
  return start === -1 ? '' : lines.slice(start, end).join(' ').replace(/\s+/g, ' ').trim();
}

describe.each(verbs)('the help of %s', (verb) => {
  it('has every option, with its placeholder, its default, and what it means', async () => {
    const help = await helpOf(verb, '--help');
    for (const { name, placeholder, default: standard } of inputsOf(verb)) {
      const about = aboutOption(help, name);
      expect(about).toMatch(new RegExp(`^--${name} ${placeholder.replace('|', '\\|')} [A-Z'e]`));
      if (standard !== '') expect(about.endsWith(` [default: ${standard}]`)).toBe(true);
      else expect(about).not.toContain('[default');
    }
  });

  it('has no option that the verb does not take', async () => {
    const help = await helpOf(verb, '--help');
    const listed = [...help.matchAll(/^ {2}--([a-z0-9-]+) \S/gm)].map((match) => match[1]);
    const taken = [...inputsOf(verb).map(({ name }) => name), ...[ownOptions[verb]?.name ?? []].flat()];
    expect(new Set(listed)).toEqual(new Set(taken));
  });

  it('names the unit of whatever has one', async () => {
    const help = await helpOf(verb, '--help');
    const unit = {
      bytes: ['with its unit', 'SIZE: '],
      time: ['with its unit', 'TIME: '],
      percent: ['in percent', 'PERCENT: '],
    };
    for (const { name, type } of inputsOf(verb)) {
      if (type !== 'bytes' && type !== 'time' && type !== 'percent') continue;
      expect(aboutOption(help, name)).toContain(unit[type][0]);
      expect(help).toContain(`\n  ${unit[type][1]}`);
    }
  });

  it('is the same by -h and by help, fits 80 columns, and trails no spaces', async () => {
    const help = await helpOf(verb, '--help');
    expect(await helpOf(verb, '-h')).toBe(help);
    expect(await helpOf('help', verb)).toBe(help);
    expect(help.split('\n').filter((line) => line.length > 80 || /\s$/.test(line))).toEqual([]);
    expect(help).not.toContain('`');
  });

  it('begins with what it is for, how it is called, and an example that can be read', async () => {
    const help = await helpOf(verb, '--help');
    expect(help).toMatch(
      new RegExp(`^snapgate ${verb}: [^]*\n\nUsage: snapgate ${verb} [^]*\nExamples:\n  snapgate ${verb}\\b`),
    );
    expect(help.endsWith('\n')).toBe(true);
  });
});

describe('the main help', () => {
  it('has every verb and every exit status, and fits 80 columns', async () => {
    const help = await helpOf('--help');
    for (const verb of verbs) expect(help).toMatch(new RegExp(`^ {2}${verb} +\\w`, 'm'));
    for (const status of [0, 1, 2, ...Object.values(exitCodes)])
      expect(help).toMatch(new RegExp(`\\b${status} \\w`));
    expect(help.split('\n').filter((line) => line.length > 80)).toEqual([]);
    for (const argv of [[], ['-h'], ['help']]) expect(await helpOf(...argv)).toBe(help);
  });
});

describe('inputs of the action', () => {
  it('are options of some verb, or of the action alone', () => {
    for (const { name, verbs: taken, actionOnly } of inputs)
      expect([name, taken.length > 0]).toEqual([name, actionOnly !== true]);
  });
});
