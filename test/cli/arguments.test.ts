import { describe, expect, it } from 'vitest';
import { inputsOf, ownOptions, parseCommand, verbs } from '../../src/cli/arguments.ts';

describe('parseCommand', () => {
  it('reads the inputs of a verb under their own names', () => {
    expect(
      parseCommand(['gate', '--rootfs', 'a.tar', '--base', 'ref:main', '--fail-above=3%', '--json']),
    ).toEqual({
      kind: 'verb',
      verb: 'gate',
      files: [],
      inputs: { rootfs: 'a.tar', base: 'ref:main', 'fail-above': '3%' },
      json: true,
      verbose: false,
      format: 'json',
    });
  });

  it('has no input of a verb by the name of an option of that verb, and takes an input that is one elsewhere', () => {
    for (const [verb, option] of Object.entries(ownOptions))
      expect(inputsOf(verbs.find((each) => each === verb) ?? 'gate').map(({ name }) => name)).not.toContain(
        option.name,
      );
    expect(parseCommand(['measure', '--engine', 'command', '--format', 'e2b', '--json'])).toMatchObject({
      inputs: { engine: 'command', format: 'e2b' },
      format: 'json',
    });
  });

  it('joins an option given several times, where an input has several lines', () => {
    const command = parseCommand(['measure', '--build-args', 'A=1', '--build-args', 'B=2']);
    expect(command).toMatchObject({ inputs: { 'build-args': 'A=1\nB=2' } });
  });

  it.each([
    [['gate', '--fail-over', '3%'], /gate: there is no option --fail-over/],
    [['probe', '--boots', '3'], /probe: there is no option --boots/],
    [['guard'], /there is no verb "guard"/],
    [['compare', 'one.json'], /compare takes two measurements: BASE.json HEAD.json; 1 were given/],
    [['gate', 'stray'], /gate takes no files; 1 were given/],
    [['report', 'a.json', '--format', 'pdf'], /--format "pdf" is not known/],
  ])('refuses %j', (argv, message) => {
    expect(() => parseCommand(argv)).toThrow(message);
  });

  it.each([[[]], [['--help']], [['help']]])('shows the main help for %j', (argv) => {
    expect(parseCommand(argv)).toEqual({ kind: 'help', verb: undefined });
  });

  it.each([[['gate', '--help']], [['help', 'gate']]])('shows the help of a verb for %j', (argv) => {
    expect(parseCommand(argv)).toEqual({ kind: 'help', verb: 'gate' });
  });
});
