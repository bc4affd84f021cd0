import { describe, expect, it } from 'vitest';
import { evaluate, holds, interpolate, type Scope } from './expression.ts';

const scope: Scope = {
  status: 'success',
  contexts: {
    github: {
      event_name: 'pull_request',
      repository: 'octo/guest',
      event: {
        action: 'labeled',
        number: 7,
        label: { name: 'Accepted' },
        pull_request: { draft: false, labels: [{ name: 'one' }, { name: 'two' }] },
      },
    },
    inputs: { 'pr-number': '', boots: '5' },
    matrix: { name: 'small' },
    needs: { measure: { result: 'failure', outputs: { verdict: 'fail' } } },
  },
};

describe('an expression', () => {
  it.each([
    ["'it''s'", "it's"],
    ['1.5', 1.5],
    ['0xff', 255],
    ['true', true],
    ['null', null],
    ['github.event.number', 7],
    ['GITHUB_no', new Error('there is no context GITHUB_no')],
    ['github.Event.ACTION', 'labeled'],
    ["github['event']['label'].name", 'Accepted'],
    ['inputs.pr-number', ''],
    ['github.event.pull_request.head.repo', null],
    ['github.event.pull_request.labels.*.name', ['one', 'two']],
    ['github.event.pull_request.labels[1].name', 'two'],
    ["contains(github.event.pull_request.labels.*.name, 'TWO')", true],
    ["contains('Hello', 'hell')", true],
    ["startsWith(github.repository, 'OCTO/')", true],
    ["endsWith(github.event.action, 'labeled')", true],
    ["endsWith(null, 'labeled')", false],
    ["format('{0} of {{1}} {1}', matrix.name, 2)", 'small of {1} 2'],
    ["join(github.event.pull_request.labels.*.name, '+')", 'one+two'],
    ["fromJSON('[1, 2]')[1]", 2],
    ['contains(fromJSON(\'["push", "pull_request"]\'), github.event_name)', true],
    ['toJSON(fromJSON(\'{"a":1}\'))', '{\n  "a": 1\n}'],
    ["'a' == 'A'", true],
    ["'1' == 1", true],
    ['null == 0', true],
    ["'' == 0", true],
    ["'x' == 0", false],
    ['github == github', true],
    ['null != true', true],
    ['1 < 2 && 3 >= 3', true],
    ['!github.event.pull_request.draft', true],
    ["!(1 == 1 || false) || 'last'", 'last'],
    ["github.event.nothing || github.event.number || 'other'", 7],
    ["false && 'a' || 'b'", 'b'],
    ['true || false && false', true],
    ["needs.measure.result != 'skipped'", true],
    ['nothing()', new Error('there is no function nothing')],
    ['1 +', new Error('the expression 1 + cannot be read at  +')],
    ["'a' 'b'", new Error('b where the expression should end')],
    ['(1', new Error('the expression ends too soon')],
    ['constructor', new Error('there is no context constructor')],
  ])('%s', (text, expected) => {
    const found = () => evaluate(text, scope);
    if (expected instanceof Error) expect(found).toThrow(expected.message);
    else expect(found()).toEqual(expected);
  });
});

it('texts take values in', () => {
  const text =
    'snapgate-$' +
    '{{ github.event.number }}-$' +
    '{{ inputs.pr-number }}-$' +
    '{{ matrix }}-$' +
    '{{ !true }}';
  expect(interpolate(text, scope)).toBe('snapgate-7--Object-false');
});

describe('a condition', () => {
  const failed: Scope = { ...scope, status: 'failure' };
  it.each([
    [undefined, true, false],
    ["github.event_name == 'pull_request'", true, false],
    ['$' + '{{ always() }}', true, true],
    ["always() && needs.measure.result == 'failure'", true, true],
    ['failure()', false, true],
    ['success()', true, false],
    ['!cancelled()', true, true],
    ['false', false, false],
  ])('%s', (condition, after, afterFailure) => {
    expect(holds(condition, scope)).toBe(after);
    expect(holds(condition, failed)).toBe(afterFailure);
  });
});
