/** `npm run api`: writes the API report anew. */
import { writeFileSync } from 'node:fs';
import { API_REPORT, makeReport } from './api.ts';

writeFileSync(API_REPORT, makeReport());
