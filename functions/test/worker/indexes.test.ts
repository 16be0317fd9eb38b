import { indexesFor, readIndexSpec, recordQueries } from '../support/queryShapes.ts';

/**
 * The emulator answers queries that production refuses for want of an index. So whatever queries the emulator tests of this
 * process make it answer are compared with `firestore.indexes.json` when they are through, as root hooks of the whole run.
 */
const recording = recordQueries();

after('every query of this run has its index', () => {
  recording.stop();
  const spec = readIndexSpec();
  for (const shape of recording.shapes) indexesFor(shape, spec);
});
