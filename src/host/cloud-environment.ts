import { hasCommand } from './process.ts';

/** Variables that the user's own cloud tools find their login by. No other child of snapgate's gets them. */
const cloudNames = /^(GOOGLE_|CLOUDSDK_|GCLOUD_|BOTO_)/;

/** What a command that speaks to the user's bucket is given beside the environment of every child. */
export function cloudEnvironment(): NodeJS.ProcessEnv {
  const login = Object.entries(process.env).filter(([name]) => cloudNames.test(name));
  return { ...Object.fromEntries(login), CLOUDSDK_CORE_DISABLE_PROMPTS: '1' };
}

/** The user's own command for buckets: gcloud, else gsutil; undefined: neither is on this machine. */
export function bucketCommand(): 'gcloud' | 'gsutil' | undefined {
  return (['gcloud', 'gsutil'] as const).find(hasCommand);
}

/** The command that copies a file, whose address and path follow. */
export function copyFromBucket(): readonly [string, ...string[]] {
  return bucketCommand() === 'gsutil' ? ['gsutil', 'cp'] : ['gcloud', 'storage', 'cp'];
}

/** The command that removes folders, whose addresses follow. */
export function removeFromBucket(): readonly [string, ...string[]] {
  return bucketCommand() === 'gsutil' ? ['gsutil', 'rm', '-r'] : ['gcloud', 'storage', 'rm', '--recursive'];
}
