import { serveComparison } from './pages/compare-spans.ts';

serveComparison();
