/* A stand-in for `gcloud storage` and `gsutil`: a bucket is a folder of FAKE_BUCKETS. */
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { noteCall } from './layer-files.ts';

const [name = '', ...words] = process.argv.slice(2);
noteCall(name, words);
const fail = (message: string): never => {
  process.stderr.write(`ERROR: (${name}) ${message}\n`);
  process.exit(1);
};
const pathOf = (url: string) => {
  if (!url.startsWith('gs://')) fail(`not an address of a bucket: ${url}`);
  return join(process.env['FAKE_BUCKETS'] ?? '/nowhere', url.slice('gs://'.length));
};
const [verb, ...rest] = name === 'gcloud' ? words.slice(1) : words;
if (name === 'gcloud' && words[0] !== 'storage') fail(`Invalid choice: '${words[0]}'`);
if (process.env['GOOGLE_APPLICATION_CREDENTIALS'] !== '/the/key.json')
  fail('You do not currently have an active account selected.');
if (verb === 'cp') {
  const [from = '', to = ''] = rest;
  if (rest.length !== 2) fail('one source and one destination');
  if (!existsSync(pathOf(from))) fail(`The following URLs matched no objects or files:\n${from}`);
  copyFileSync(pathOf(from), to);
} else if (verb === 'rm') {
  const [flag, ...urls] = rest;
  if (flag !== (name === 'gcloud' ? '--recursive' : '-r')) fail('a folder needs to be removed recursively');
  const missing = urls.filter((url) => !existsSync(pathOf(url)));
  if (missing.length > 0) fail(`The following URLs matched no objects or files:\n${missing.join('\n')}`);
  for (const url of urls) if (basename(url).length === 36) rmSync(pathOf(url), { recursive: true });
} else fail(`Invalid choice: '${verb}'`);
