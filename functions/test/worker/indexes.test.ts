import { indexesFor, readIndexSpec, recordQueries } from '../support/queryShapes.ts';

/**
 * The emulator answers queries that production refuses because an index is missing. So root hooks compare all queries that the tests of
 * this process send with `firestore.indexes.json`.
 */
const recording = recordQueries();

after('every query of this run has its index', () => {
  recording.stop();
  const spec = readIndexSpec();
  for (const shape of recording.shapes) indexesFor(shape, spec);
});
