import { expect, test } from 'vitest';
import { annotationOf } from '../../src/action/annotation.ts';
import { comparisonOf } from './comparison.ts';

const failing = { code: 1, wanted: 1 };

test('the one file to blame is named with its line', () => {
  expect(annotationOf(comparisonOf(), failing, { path: 'guest/Dockerfile', line: 12 })).toMatchObject({
    level: 'error',
    file: 'guest/Dockerfile',
    line: 12,
  });
});

test('without one there is no place', () => {
  expect(annotationOf(comparisonOf(), failing)).not.toHaveProperty('file');
});

test.each([
  '',
  '/etc/passwd',
  'a\nb',
  'a\r::error::x',
  'a##[group]b',
  'a\\b',
  '\u202egnp.x',
  'x'.repeat(1001),
])('the name %j is no place', (path) => {
  const annotation = annotationOf(comparisonOf(), failing, { path, line: 1 });
  expect(annotation?.title).toContain('snapgate');
  expect(annotation).not.toHaveProperty('file');
});
