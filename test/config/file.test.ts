import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { readConfigFile } from '../../src/config/file.ts';
import { builtInScenarios } from '../../src/config/scenarios.ts';
import { maxConfigBytes } from '../../src/config/yaml.ts';
import { metricNames } from '../../src/engine/contract.ts';

function own(text: string) {
  return readConfigFile(text, 'snapgate.yml').scenarios;
}

function overrides(text: string) {
  return readConfigFile(text, 'snapgate.yml').overrides;
}

/** Reads a file as a run does. */
function refusalOf(text: string): () => unknown {
  return () => readConfig({}, { path: 'ci/gate.yml', text });
}

const usage = (message: string | RegExp, remedy?: string | RegExp) =>
  expect.objectContaining({
    code: 'usage',
    message: typeof message === 'string' ? message : expect.stringMatching(message),
    ...(remedy === undefined ? {} : { remedy: expect.stringMatching(remedy) }),
  });

describe('an empty file', () => {
  it.each(['', '# nothing yet\n', '---\n', 'null', '{}', 'defaults:\nscenarios:\ngate:\n'])(
    '%j says nothing',
    (text) => {
      const file = readConfigFile(text, 'snapgate.yml');
      expect([file.settings.size, file.scenarios, file.overrides]).toEqual([0, [], {}]);
    },
  );
});

describe('scenarios of one’s own', () => {
  it('have defaults for all that they leave out', () => {
    expect(own('scenarios: {mine: {}}')).toEqual([
      {
        name: 'mine',
        run: undefined,
        settleMs: 0,
        check: undefined,
        from: 'previous',
        repeat: 1,
        timeoutMs: 60_000,
      },
    ]);
  });

  it('say what runs, how long it settles, what must hold, where from, how often, and for how long', () => {
    const text = `scenarios:
  build:
    run: |
      make
      sync
    settle: 1.5 s
    check: test -e out
    from: base
    repeat: 100
    timeout: 1h
  a-2:
    run: "true"
`;
    expect(own(text)).toEqual([
      {
        name: 'build',
        run: 'make\nsync\n',
        settleMs: 1500,
        check: 'test -e out',
        from: 'base',
        repeat: 100,
        timeoutMs: 3_600_000,
      },
      expect.objectContaining({ name: 'a-2', run: 'true' }),
    ]);
  });

  it.each(['a', '0', 'x'.repeat(40), 'a-b-c', 'constructor', 'to-string', 'no', '5'])(
    'may be called %s',
    (name) => {
      const file = {
        path: 'snapgate.yml',
        text: `scenarios: {${name}: {}}\ngate: {${name}: {resumeMs: {max: 1s}}}`,
      };
      const config = readConfig({ scenarios: name }, file);
      expect(config.measure.scenarios.map((scenario) => scenario.name)).toEqual([name]);
      expect(config.gate.overrides).toEqual({ [name]: { resumeMs: { max: 1000 } } });
    },
  );

  it.each(['A', '-a', 'a_b', 'a b', 'ä', 'a.b', 'x'.repeat(41), '', '"a|b"', '"<b>"', '"@team"', '"a\\nb"'])(
    'may not be called %s',
    (name) => {
      expect(refusalOf(`scenarios:\n  ${name || '""'}: {}\n`)).toThrow(
        usage(/^ci\/gate\.yml:2:3: ".*" cannot name a scenario$/, /^Use a–z, 0–9 and -, at most 40/),
      );
    },
  );

  it.each([...builtInScenarios.map(({ name }) => name), 'all'])('may not take the name %s', (name) => {
    expect(refusalOf(`scenarios:\n  ${name}: {}\n`)).toThrow(
      usage(`ci/gate.yml:2:3: the name ${name} is taken by snapgate itself`),
    );
  });

  it.each([
    [
      'runn: x',
      /:17: no key is called "runn"; did you mean run\?$/,
      /These exist: run, settle, check, from, repeat, timeout\./,
    ],
    ['run: ""', /:22: run of scenarios → a is empty$/, /./],
    ['run: 5', /:22: run of scenarios → a must be text, but is 5$/, /^Put it in quotes\.$/],
    ['run: [a]', /:22: run of scenarios → a must be text, but is a list$/, /./],
    ['settle: 2', /:25: settle of scenarios → a must be text, but is 2$/, /with its unit/],
    ['settle: "2"', /:25: settle of scenario a: "2" is not a time$/, /Units: ms, s, min, h/],
    ['settle: -2s', /:25: settle of scenario a: "-2s" is not a time$/, /./],
    ['settle: 61min', /:25: settle of scenario a: "61min" is out of bounds$/, /^From 0ms to 1h\.$/],
    ['timeout: 0s', /:26: timeout of scenario a: "0s" is out of bounds$/, /^From 1ms to 1h\.$/],
    [
      'from: head',
      /:23: from of scenarios → a: no choice is called "head"$/,
      /^These exist: previous, base\.$/,
    ],
    ['repeat: 0', /:25: repeat of scenarios → a must be at least 1, but is 0$/, /./],
    ['repeat: 101', /:25: repeat of scenarios → a must be at most 100, but is 101$/, /./],
    ['repeat: 1.5', /:25: repeat of scenarios → a must be a whole number, but is 1\.5$/, /^Write digits/],
    ['repeat: "2"', /:25: repeat of scenarios → a must be a whole number, but is "2"$/, /without quotes/],
    ['repeat: 1e400', /:25: repeat of scenarios → a must be a whole number, but is Infinity$/, /./],
  ])('refuse %s, and say the line and the column', (entry, message, remedy) => {
    expect(refusalOf(`scenarios: {a: {${entry}}}`)).toThrow(usage(message, remedy));
    expect(refusalOf(`scenarios: {a: {${entry}}}`)).toThrow(/^ci\/gate\.yml:1:/);
  });

  it('refuse a command of more than 10,000 characters', () => {
    expect(own(`scenarios: {a: {run: ${'x'.repeat(10_000)}}}`)[0]?.run).toHaveLength(10_000);
    expect(refusalOf(`scenarios: {a: {run: ${'x'.repeat(10_001)}}}`)).toThrow(
      /is longer than 10000 characters$/,
    );
  });

  it('that is left empty is told from one without keys', () => {
    expect(refusalOf('scenarios:\n  a:\n')).toThrow(
      usage('ci/gate.yml:2:5: a of scenarios must be a mapping, but is empty', /^Write \{\}/),
    );
  });
});

describe('gate:', () => {
  it('holds thresholds of a scenario and metric in the metric’s unit', () => {
    const text = `gate:
  idle-2s:
    memfile.writtenBytes: {fail-above: 12.5%, warn-above: 0%, min-growth: 1MB, max: 8 MiB}
    resumeMs: {min-growth: 5ms, max: 0.5s}
  spawn:
    stateBytes: {}
`;
    expect(overrides(text)).toEqual({
      'idle-2s': {
        'memfile.writtenBytes': { failAbove: 0.125, warnAbove: 0, minGrowth: 1e6, max: 8 * 1024 ** 2 },
        resumeMs: { minGrowth: 5, max: 500 },
      },
      spawn: { stateBytes: {} },
    });
  });

  it.each(metricNames)('knows the metric %s', (metric) => {
    expect(overrides(`gate: {pause: {${metric}: {fail-above: 1%}}}`)).toEqual({
      pause: { [metric]: { failAbove: 0.01 } },
    });
  });

  it.each([
    [
      'idel-2s: {}',
      ':8: no scenario is called "idel-2s"; did you mean idle-2s?',
      /^These exist: pause, idle-2s, .*, mine\.$/,
    ],
    ['constructor: {}', ':8: no scenario is called "constructor"', /./],
    [
      'mine: {memfile.writenBytes: {}}',
      ':15: no metric is called "memfile.writenBytes"; did you mean memfile.writtenBytes?',
      /^These exist: memfile\.writtenBytes, /,
    ],
    ['mine: {toString: {}}', ':15: no metric is called "toString"', /./],
    [
      'mine: {resumeMs: {fail-abov: 5%}}',
      ':26: no key is called "fail-abov"; did you mean fail-above?',
      /^These exist: fail-above, warn-above, min-growth, max, max-trend\.$/,
    ],
    [
      'mine: {resumeMs: {fail-above: 5}}',
      ':38: fail-above of gate → mine → resumeMs must be text, but is 5',
      /such as 256KiB, 2s or 5%/,
    ],
    [
      'mine: {resumeMs: {fail-above: "5"}}',
      ':38: fail-above of mine, resumeMs: "5" is not a percentage',
      /5% or 12\.5%/,
    ],
    ['mine: {resumeMs: {max: 5MiB}}', ':31: max of mine, resumeMs: "5MiB" is not a time', /Units: ms/],
    ['mine: {stateBytes: {max: 5ms}}', ':33: max of mine, stateBytes: "5ms" is not a size', /Units: B/],
    [
      'mine: {stateBytes: {warn-above: 5%}}',
      ':27: stateBytes of mine: warn-above (5%) is not below fail-above (5%)',
      /^A warning comes before/,
    ],
    ['mine: {stateBytes: }', ':27: stateBytes of gate → mine must be a mapping, but is empty', /^Write \{\}/],
    ['mine: 5%', ':14: mine of gate must be a mapping, but is "5%"', /schema/],
  ])('refuses %s', (entry, message, remedy) => {
    const column = message.indexOf(' ');
    const place = `ci/gate.yml:1${message.slice(0, column)}`;
    expect(refusalOf(`gate: {${entry}}\nscenarios: {mine: {}}`)).toThrow(
      usage(`${place}${message.slice(column)}`, remedy),
    );
  });
});

describe('a file of another shape', () => {
  it.each([
    [
      'scenario: {}',
      'ci/gate.yml:1:1: no key is called "scenario"; did you mean scenarios?',
      /^These exist: defaults, scenarios, gate\.$/,
    ],
    [
      '- a',
      'ci/gate.yml:1:1: the file must be a mapping, but is a list',
      /^It holds defaults, scenarios, gate/,
    ],
    ['text', 'ci/gate.yml:1:1: the file must be a mapping, but is "text"', /./],
    ['\n\ngate: []', 'ci/gate.yml:3:7: gate must be a mapping, but is a list', /./],
    [
      'defaults: {boots: }',
      'ci/gate.yml:1:19: boots of defaults must be a whole number, but is empty',
      /^Write digits/,
    ],
    [
      'defaults: {inconclusive: yes}',
      'ci/gate.yml:1:26: inconclusive of defaults: no choice is called "yes"',
      /^These exist: pass, fail\.$/,
    ],
    [
      'defaults: {scenarios: 5}',
      'ci/gate.yml:1:23: scenarios of defaults must be text or a list of texts, but is 5',
      /./,
    ],
    ['defaults: {scenarios: []}', 'ci/gate.yml:1:23: scenarios: no name is given', /./],
    [
      'defaults: {accel: hvf}',
      'ci/gate.yml:1:19: accel of defaults: no choice is called "hvf"',
      /^These exist: auto, kvm, tcg\.$/,
    ],
    [
      'defaults: {memory-size: 512}',
      'ci/gate.yml:1:25: memory-size of defaults must be text, but is 512',
      /with its unit/,
    ],
    ['defaults: {boots: 101}', 'ci/gate.yml:1:19: boots: "101" is out of bounds', /^From 1 to 100\.$/],
    [
      'defaults: {base: none}',
      /^ci\/gate\.yml:1:12: no input that may stand here is called "base"/,
      /dockerfile, context/,
    ],
    [
      'defaults: {boot: 5}',
      'ci/gate.yml:1:12: no input that may stand here is called "boot"; did you mean boots?',
      /dockerfile, context/,
    ],
  ])('%j', (text, message, remedy) => {
    expect(refusalOf(text)).toThrow(usage(message, remedy));
  });

  it.each([
    ['a: b: c', /^ci\/gate\.yml:1:4: not valid YAML: /],
    ['gate: {}\ngate: {}', /^ci\/gate\.yml:2:1: not valid YAML: Map keys must be unique$/],
    ['scenarios: {a: {}, a: {}}', /^ci\/gate\.yml:1:20: not valid YAML: Map keys must be unique$/],
    ['\tgate: {}', /^ci\/gate\.yml:1:1: not valid YAML: Tabs/],
    ['gate: {', /^ci\/gate\.yml:1:8: not valid YAML: /],
    [
      'gate: {}\n---\ndefaults: {boots: 1}\n',
      /^ci\/gate\.yml:2:1: not valid YAML: a second document starts here$/,
    ],
    ['gate: *nowhere', /^ci\/gate\.yml cannot be read: Unresolved alias/],
  ])('%j is not valid YAML', (text, message) => {
    expect(refusalOf(text)).toThrow(usage(message));
  });
});

describe('a hostile file', () => {
  it.each([
    '__proto__: {}',
    'gate: {__proto__: {resumeMs: {max: 1s}}}',
    'scenarios: {"__proto__": {run: x}}',
    'scenarios: {a: {run: &p __proto__}}\ngate: {*p : {resumeMs: {max: 1s}}}',
    'defaults: {? !!str __proto__ : 5}',
  ])('%j cannot name the prototype', (text) => {
    expect(refusalOf(text)).toThrow(usage(/:\d+:\d+: __proto__ cannot be a key$/));
    expect(({} as Record<string, unknown>)['resumeMs']).toBeUndefined();
  });

  it.each(['constructor', 'toString', 'hasOwnProperty', 'valueOf'])('%s is no key that exists', (name) => {
    for (const text of [
      `${name}: {}`,
      `defaults: {${name}: x}`,
      `scenarios: {a: {${name}: x}}`,
      `gate: {pause: {${name}: {}}}`,
    ])
      expect(refusalOf(text)).toThrow(usage(new RegExp(`no .* is called "${name}"`)));
  });

  it('cannot grow by aliases', () => {
    const level = (name: string, of: string) =>
      `${name}: &${name} [${Array.from({ length: 9 }, () => of).join(',')}]\n`;
    const bomb = level('a', 'x') + level('b', '*a') + level('c', '*b') + level('d', '*c') + level('e', '*d');
    expect(refusalOf(bomb)).toThrow(usage(/cannot be read: Excessive alias count/));
  });

  it('may use an alias, and not one that holds itself', () => {
    expect(own('scenarios: {a: &x {run: y}, b: *x}').map(({ run }) => run)).toEqual(['y', 'y']);
    expect(refusalOf('scenarios: &s {a: *s}')).toThrow(usage(/./));
  });

  it.each([
    ['lists', '['.repeat(20_000)],
    ['mappings', `${'{a: '.repeat(8000)}`],
    ['indents', Array.from({ length: 300 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ])('cannot end the stack by nested %s', (_, text) => {
    expect(refusalOf(text)).toThrow(usage(/./));
  });

  it('is read up to its limit of bytes, not characters', () => {
    const comment = (bytes: number) => `#${'ä'.repeat((bytes - 2) / 2)}\n`;
    expect(() => readConfigFile(comment(maxConfigBytes), 'x')).not.toThrow();
    expect(refusalOf(comment(maxConfigBytes + 2))).toThrow(usage('ci/gate.yml is larger than 64 KiB'));
  });

  it('cannot pass a NUL on to a path or a command', () => {
    expect(refusalOf('defaults:\n  rootfs: "a\\0b"\n')).toThrow(usage('ci/gate.yml:2:11: a NUL character'));
    expect(refusalOf('scenarios: {a: {run: "x\\0y"}}')).toThrow(usage('ci/gate.yml:1:22: a NUL character'));
  });

  it('cannot have a tag make something of it', () => {
    expect(own('scenarios: {a: {run: !!js/function "x"}}')[0]?.run).toBe('x');
    expect(refusalOf('scenarios: {a: {repeat: !!binary MQ==}}')).toThrow(usage(/must be a whole number/));
  });
});
