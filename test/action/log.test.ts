import { describe, expect, test } from 'vitest';
import { reportFailure } from '../../src/action/failure.ts';
import { createActionLog, plainText } from '../../src/action/log.ts';
import { SnapgateError } from '../../src/host/error.ts';

/** What reaches the runner's log, one entry a call. */
function recordedLog() {
  const said: string[] = [];
  const log = createActionLog({
    info: (message) => said.push(message),
    warning: (message) => said.push(`WARNING ${message}`),
    startGroup: (name) => said.push(`GROUP ${name}`),
    endGroup: () => said.push('END'),
  });
  return { log, said };
}

describe('plainText', () => {
  test.each([
    ['::set-output name=verdict::pass', '| ::set-output name=verdict::pass'],
    ['  \t::add-mask::x', '|   \t::add-mask::x'],
    ['\u00a0::warning::x', '| \u00a0::warning::x'],
    ['ok\n::error::x', 'ok\n| ::error::x'],
    ['ok\r::error::x', 'ok\n| ::error::x'],
    ['ok\u2028::error::x', 'ok\n| ::error::x'],
    ['text ##[group]x', 'text # #[group]x'],
    ['std::vector is fine', 'std::vector is fine'],
    ['\u001b[2Jcleared', '\ufffd[2Jcleared'],
  ])('%j', (text, plain) => {
    expect(plainText(text)).toBe(plain);
  });

  test('no line of any mix of what a guest may send is a command', () => {
    const parts = [
      '::',
      '##[',
      '#',
      '##',
      '[',
      ' ',
      '\t',
      '\r',
      '\n',
      '\u0085',
      '\u2028',
      '\0',
      '\ufeff',
      'x',
      'stop-commands',
    ];
    for (let seed = 1; seed < 5000; seed += 1) {
      let state = seed;
      const next = () => {
        state = (state * 1103515245 + 12345) % 2147483648;
        return parts[state % parts.length] ?? '';
      };
      const text = Array.from({ length: 12 }, next).join('');
      for (const line of plainText(text).split(/[\r\n]/)) {
        expect(line.trimStart().startsWith('::')).toBe(false);
        expect(line).not.toContain('##[');
      }
    }
  });
});

test('details that follow one another are one fold, which ends before anything else is said', () => {
  const { log, said } = recordedLog();
  log.info('start');
  log.detail('a');
  log.detail('::b');
  log.warning('careful');
  log.detail('c');
  log.end();
  log.end();
  expect(said).toEqual([
    'start',
    'GROUP details',
    'a',
    '| ::b',
    'END',
    'WARNING careful',
    'GROUP details',
    'c',
    'END',
  ]);
});

describe('reportFailure', () => {
  function report(error: unknown) {
    const { log, said } = recordedLog();
    const code = reportFailure(error, log, {
      error: (message, { title }) => said.push(`ERROR ${title}: ${message}`),
    });
    return { code, said };
  }

  test('an expected error: its last lines folded, the sentence, the remedy, its own status', () => {
    const details = { title: 'console of head', lines: ['::error::fake', 'Kernel panic'] };
    const error = new SnapgateError('guest', 'the head guest panicked', 'Look at its console.', { details });
    expect(report(error)).toEqual({
      code: 68,
      said: [
        'GROUP console of head',
        '| ::error::fake',
        '| Kernel panic',
        'END',
        'ERROR snapgate could not decide: the head guest panicked\nLook at its console.',
      ],
    });
  });

  test('an interruption has a status of its own', () => {
    expect(report(new SnapgateError('interrupted', 'by SIGTERM', 'Again.')).code).toBe(75);
  });

  test('an unexpected one: its stack', () => {
    const { code, said } = report(new TypeError('x is not a function'));
    expect(code).toBe(70);
    expect(said[0]).toMatch(/^ERROR snapgate: this is a bug.*TypeError: x is not a function\n\s+at /s);
  });

  test('whatever is thrown that is no Error', () => {
    expect(report('text').said).toEqual([
      'ERROR snapgate: this is a bug of snapgate, please report it: text',
    ]);
  });
});
