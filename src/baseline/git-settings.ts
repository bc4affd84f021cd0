/** A setting of git's for one call. */
export type Setting = readonly [key: string, value: string];

/** Settings by the environment: a token on a command line is there for every process of the machine to see (git-config(1), GIT_CONFIG_COUNT). */
export function environmentOf(settings: readonly Setting[]): NodeJS.ProcessEnv {
  const pairs = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(settings.length), ...Object.fromEntries(pairs) };
}

/**
 * The token of a workflow for one server and no other.
 * @param serverUrl GITHUB_SERVER_URL.
 */
export function tokenSettings(serverUrl: string, token: string | undefined): readonly Setting[] {
  if (token === undefined || token === '') return [];
  const header = `http.${serverUrl}/.extraheader`;
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
  // An empty value drops what another configuration has set: GitHub refuses a request with two of them.
  return [
    ['credential.helper', ''],
    [header, ''],
    [header, `AUTHORIZATION: basic ${basic}`],
  ];
}
