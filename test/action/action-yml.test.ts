import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { actionYml } from '../../script/action-yml.ts';
import { inputs } from '../../src/config/inputs.ts';

const committed = readFileSync(join(import.meta.dirname, '../../action.yml'), 'utf8');

test('action.yml is what the tables make of it', () => {
  expect(committed).toBe(actionYml());
});

test('action.yml is YAML with every input, its default, and node24', () => {
  const action = parse(committed);
  expect(action.runs).toEqual({ using: 'node24', main: 'dist/main/index.js', post: 'dist/post/index.js' });
  expect(Object.keys(action.inputs)).toEqual(inputs.map(({ name }) => name));
  for (const input of inputs) expect(action.inputs[input.name].default).toBe(input.actionDefault);
  expect(Object.keys(action.outputs)).toEqual(
    expect.arrayContaining(['verdict', 'comparison', 'report', 'memfile-growth', 'comment-url']),
  );
});
