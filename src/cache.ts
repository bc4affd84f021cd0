import { serveCacheCall } from './github/cache-call.ts';

await serveCacheCall();
